// What was done to a group, as a sentence. Of people who are not known here nobody is named.

import { gettext, interpolate } from "./words.js";

const SENTENCES = {
  created: gettext("%(who)s made the group"),
  added: gettext("%(who)s added %(whom)s"),
  removed: gettext("%(who)s removed %(whom)s"),
  joined: gettext("%(who)s joined by a link"),
  left: gettext("%(who)s left"),
  changed: gettext("%(who)s changed the settings of the group"),
};
const SHOWN = gettext("%(who)s changed the picture of the group");
const SHOWN_NO_MORE = gettext("%(who)s removed the picture of the group");
const RENAMED = gettext("%(who)s named the group %(title)s");
const ROLES = {
  owner: gettext("%(who)s passed the group on to %(whom)s"),
  admin: gettext("%(who)s made %(whom)s an admin"),
  member: gettext("%(who)s took the role of an admin from %(whom)s"),
};

// Of all that was changed at once the name says most.
const changed = ({ title, picture }) => (title ? RENAMED : picture === undefined ? SENTENCES.changed : picture ? SHOWN : SHOWN_NO_MORE);
const sentence = (event) => ({ role: ROLES[event.role], changed: changed(event) })[event.type] ?? SENTENCES[event.type];

export function eventText({ sender, event }, { roster }) {
  const nameOf = (id) => roster.nameOf(id);
  const whom = (event.users ?? []).map(nameOf).join(", ");
  return interpolate(sentence(event) ?? SENTENCES.changed, { who: nameOf(sender), whom, title: event.title ?? "" });
}
