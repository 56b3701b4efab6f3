// What comes when it is asked for (lazy.js), and of which files each part is: all that the page does not load by itself.
//
// Styles in the order in which they overrule each other.

// By this name the server finds them, and puts their hashed ones in.
const file = (name) => import.meta.resolve(name);

const DIALOG = [file("./views/dialog.js"), file("../css/forms.css"), file("../css/dialogs.css")];
const SUBSCRIBING = [file("./subscribing.js")];
const BLOBS = [file("./blobs.js")];
const SHOWN = [
  file("./views/files.js"),
  file("./media.js"),
  file("./thumbs.js"),
  file("./kinds.js"),
  file("../css/files.css"),
];
const DATABASES = [file("./databases.js")];

export const FILES = {
  shown: [...SHOWN, ...BLOBS],
  tray: [
    file("./tray.js"),
    file("./picks.js"),
    file("./views/tray_list.js"),
    file("./views/drop_zone.js"),
    ...SHOWN,
    ...BLOBS,
  ],
  uploads: [file("./uploads.js"), file("./upload.js"), file("./tus.js"), ...BLOBS],
  fileActs: [file("./file_acts.js"), file("./views/lightbox.js"), file("./kinds.js")],
  databases: DATABASES,
  subscribing: SUBSCRIBING,
  copy: [file("./views/copy.js")],
  messageChoices: [file("./message_choices.js"), file("./views/menu.js"), file("../css/menu.css")],
  deleteDialog: [file("./views/delete_dialog.js"), ...DIALOG],
  infoDialog: [file("./views/info_dialog.js"), ...DIALOG],
  newChat: [file("./views/new_chat_dialog.js"), ...DIALOG],
  groups: [
    file("./groups.js"),
    file("./group_parts.js"),
    file("./faces.js"),
    file("./thumbs.js"),
    file("./group_api.js"),
    file("./group_events.js"),
    file("./mentions.js"),
    file("./views/marks.js"),
    file("../css/groups.css"),
  ],
  prune: [file("./prune.js")],
  signOut: [file("./sign_out.js"), file("./views/leave_dialog.js"), ...DATABASES, ...SUBSCRIBING, ...DIALOG],
  safety: [file("./safety.js"), file("./views/safety_dialogs.js"), ...DIALOG],
  search: [
    file("./views/search.js"),
    file("./views/finds.js"),
    file("./views/excerpt.js"),
    file("./fold.js"),
    file("../css/search.css"),
  ],
  settings: [
    file("./views/settings.js"),
    file("./views/settings_account.js"),
    file("./views/settings_blocked.js"),
    file("./views/settings_devices.js"),
    file("./views/settings_own.js"),
    file("./views/settings_password.js"),
    ...SUBSCRIBING,
    ...DIALOG,
    file("../css/settings.css"),
  ],
};
