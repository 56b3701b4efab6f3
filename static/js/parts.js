// What comes when it is asked for (lazy.js), and of which files each part is: all that the page does not load by itself.
//
// Styles in the order in which they overrule each other.

const DIALOG = [import.meta.resolve("../css/forms.css"), import.meta.resolve("../css/dialogs.css")];
const SUBSCRIBING = [import.meta.resolve("./subscribing.js")];
const BLOBS = [import.meta.resolve("./blobs.js")];
const SHOWN = [
  import.meta.resolve("./views/files.js"),
  import.meta.resolve("./media.js"),
  import.meta.resolve("./kinds.js"),
  import.meta.resolve("../css/files.css"),
];
const DATABASES = [import.meta.resolve("./databases.js")];

export const FILES = {
  shown: [...SHOWN, ...BLOBS],
  tray: [
    import.meta.resolve("./tray.js"),
    import.meta.resolve("./picks.js"),
    import.meta.resolve("./views/tray_list.js"),
    import.meta.resolve("./views/drop_zone.js"),
    ...SHOWN,
    ...BLOBS,
  ],
  uploads: [import.meta.resolve("./uploads.js"), import.meta.resolve("./upload.js"), import.meta.resolve("./tus.js"), ...BLOBS],
  fileActs: [import.meta.resolve("./file_acts.js"), import.meta.resolve("./views/lightbox.js"), import.meta.resolve("./kinds.js")],
  databases: DATABASES,
  subscribing: SUBSCRIBING,
  copy: [import.meta.resolve("./views/copy.js")],
  messageChoices: [import.meta.resolve("./message_choices.js"), import.meta.resolve("./views/menu.js"), import.meta.resolve("../css/menu.css")],
  deleteDialog: [import.meta.resolve("./views/delete_dialog.js"), ...DIALOG],
  infoDialog: [import.meta.resolve("./views/info_dialog.js"), ...DIALOG],
  newChat: [import.meta.resolve("./views/new_chat_dialog.js"), ...DIALOG],
  signOut: [import.meta.resolve("./sign_out.js"), import.meta.resolve("./views/leave_dialog.js"), ...DATABASES, ...SUBSCRIBING, ...DIALOG],
  search: [import.meta.resolve("./views/search.js"), import.meta.resolve("./fold.js")],
  settings: [
    import.meta.resolve("./views/settings.js"),
    import.meta.resolve("./views/settings_account.js"),
    import.meta.resolve("./views/settings_devices.js"),
    import.meta.resolve("./views/settings_own.js"),
    import.meta.resolve("./views/settings_password.js"),
    ...SUBSCRIBING,
    ...DIALOG,
    import.meta.resolve("../css/settings.css"),
  ],
};
