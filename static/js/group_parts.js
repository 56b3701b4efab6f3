// The parts that only groups.js opens, as in parts.js. All of groups.js is there then.

const file = (name) => import.meta.resolve(name);

const SCREENS = [
  file("./views/dialog.js"),
  file("../css/forms.css"),
  file("../css/dialogs.css"),
  file("../css/settings.css"),
  file("../css/group_screens.css"),
];

export const FILES = {
  groupPanel: [
    file("./views/group_panel.js"),
    file("./views/group_members.js"),
    file("./views/group_links.js"),
    file("./views/group_face.js"),
    file("./group_picture.js"),
    file("./tus.js"),
    file("./views/confirm.js"),
    file("./views/menu.js"),
    file("./fold.js"),
    ...SCREENS,
    file("../css/menu.css"),
  ],
  people: [
    file("./views/people_dialog.js"),
    file("./views/picker.js"),
    file("./fold.js"),
    ...SCREENS,
  ],
  joinDialog: [file("./views/join_dialog.js"), ...SCREENS],
  mentionList: [file("./views/mention_list.js"), file("./fold.js")],
};
