// How large a file is, as people read it.

import { LOCALE } from "../words.js";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];
const inUnit = UNITS.map((unit) => new Intl.NumberFormat(LOCALE, { style: "unit", unit, unitDisplay: unit === "byte" ? "long" : "short", maximumFractionDigits: 1 }));

export function size(bytes) {
  const at = Math.min(UNITS.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return inUnit[at].format(bytes / 1000 ** at);
}
