// What an attachment is to people: a picture, or a file of some kind, and how large it is.

import { filesOf } from "./attachment.js";
import { LOCALE } from "./words.js";

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

// Of entries, in their order: {file, entry}.
export const picturesOf = (entries) =>
  entries.filter(({ deleted }) => !deleted).flatMap((entry) => filesOf(entry).filter(isPicture).map((file) => ({ file, entry })));

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];
const inUnit = UNITS.map((unit) => new Intl.NumberFormat(LOCALE, { style: "unit", unit, unitDisplay: unit === "byte" ? "long" : "short", maximumFractionDigits: 1 }));

export function size(bytes) {
  const at = Math.min(UNITS.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return inUnit[at].format(bytes / 1000 ** at);
}
