// Lines in a thread where something is not there: it expired, or it is still on its way.

import { gettext, interpolate, ngettext } from "../words.js";
import { h } from "./dom.js";
import { number } from "./format.js";

const EXPIRED = gettext("Messages before this point were not kept for this device");

const line = (text) => h("li", { class: "gap-line" }, text);

// Ranges of what expired, ascending, neighbours together, as far as they are among what is drawn.
function expired({ view, tail, preview, isDetached }) {
  const absent = preview && !isDetached ? [...view.absent, ...tail.absent] : view.absent;
  const ranges = absent.filter(({ why }) => why === "expired").sort((a, b) => a.from - b.from);
  const found = [];
  for (const range of ranges) {
    const last = found.at(-1);
    if (last && range.from <= last.to + 1) last.to = Math.max(last.to, range.to);
    else found.push({ ...range });
  }
  return found;
}

// Rows for a plan: `before(seq)` gives those that stand above entry `seq`, each once.
export class Gaps {
  constructor({ log, horizon }) {
    this.ranges = expired(log);
    if (horizon && horizon === log.view.from - 1) this.ranges.unshift({ from: 0, to: horizon });
  }

  before(seq) {
    const passed = this.ranges.filter((range) => range.from < seq);
    this.ranges = this.ranges.filter((range) => range.from >= seq);
    return passed.length ? [{ id: `gap ${passed.at(-1).to}`, make: () => line(EXPIRED) }] : [];
  }
}

const onTheirWay = (missing) =>
  interpolate(ngettext("%(count)s message on its way…", "%(count)s messages on their way…", missing), { count: number.format(missing) });

// Above the newest page, as long as what is below it has not come.
export function previewGap({ tail, received }) {
  const text = onTheirWay(Math.max(1, tail.from - 1 - received));
  const freshen = (row) => row.textContent !== text && (row.textContent = text);
  return { id: "on their way", make: () => h("li", { class: "gap-line coming" }, text), freshen };
}
