// What a message has besides its text, and what it is called for that.

import { gettext, interpolate, ngettext } from "./words.js";

// "Photo", "3 photos", a file's name, "2 files".
export function summary(files) {
  const count = files.length;
  if (files.every((file) => file.type.startsWith("image/"))) return count === 1 ? gettext("Photo") : interpolate(ngettext("%(count)s photo", "%(count)s photos", count), { count });
  return count === 1 ? files[0].name : interpolate(ngettext("%(count)s file", "%(count)s files", count), { count });
}

export const filesOf = ({ attachments, files }) => attachments ?? files ?? [];

// All of a message's files are on the server.
export const isLoaded = ({ files = [] }) => files.every(({ attachment }) => attachment);

// What a message says, in a line.
export const wordsOf = (message) => message.body || (filesOf(message).length ? summary(filesOf(message)) : "");
