// What an attachment is to people: a picture, or a file of some kind; and what a message is called that has them.

import { gettext, interpolate, ngettext } from "./words.js";

// `thumbnail`: there is or will be one.
export const isPicture = ({ width, height, thumbnail, withheld }) => Boolean(width && height && thumbnail && !withheld);

const KINDS = [
  ["image", /^image\//u],
  ["audio", /^audio\//u],
  ["video", /^video\//u],
  ["archive", /zip|compressed|x-tar|x-7z|x-rar|gzip/u],
  ["document", /^text\/|pdf|word|document|sheet|presentation|rtf/u],
];

export const kindOf = ({ type = "" }) => KINDS.find(([, pattern]) => pattern.test(type))?.[0] ?? "file";

// "Photo", "3 photos", a file's name, "2 files".
export function summary(files) {
  const count = files.length;
  if (files.every((file) => kindOf(file) === "image")) return count === 1 ? gettext("Photo") : interpolate(ngettext("%(count)s photo", "%(count)s photos", count), { count });
  return count === 1 ? files[0].name : interpolate(ngettext("%(count)s file", "%(count)s files", count), { count });
}

export const filesOf = ({ attachments, files }) => attachments ?? files ?? [];

// Of entries, in their order: {file, entry}.
export const picturesOf = (entries) =>
  entries.filter(({ deleted }) => !deleted).flatMap((entry) => filesOf(entry).filter(isPicture).map((file) => ({ file, entry })));

// All of a message's files are on the server.
export const isLoaded = ({ files = [] }) => files.every(({ attachment }) => attachment);

// What a message says, in a line.
export const wordsOf = (message) => message.body || (filesOf(message).length ? summary(filesOf(message)) : "");
