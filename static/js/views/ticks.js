// The marks beside one's own messages: drawn, and named for who does not see them.

import { gettext } from "../words.js";
import { h, svg } from "./dom.js";

const FIRST = "M1.2 7.2l3.3 3.3L12 2.8";
const SECOND = "M7.3 9.7l.8.8L16.8 2.8";
const CLOCK = "M9 1.7a4.8 4.8 0 1 0 .01 0";
const MARKS = {
  pending: { name: gettext("Waiting"), paths: [`${CLOCK}M9 4v2.6l1.8 1`] },
  sent: { name: gettext("Sent"), paths: ["M4.2 7.2l3.3 3.3L15 2.8"] },
  delivered: { name: gettext("Delivered"), paths: [FIRST, SECOND] },
  seen: { name: gettext("Read"), paths: [FIRST, SECOND] },
  failed: { name: gettext("Failed"), paths: [`${CLOCK}M9 4v2.8M9 8.9v.1`] },
};

export function tickMark(kind) {
  const { name, paths } = MARKS[kind];
  return h("span", { class: "tick", "data-tick": kind, role: "img", "aria-label": name, title: name }, svg("0 0 18 13", ...paths));
}

// Changes the tick of something drawn, if it has changed.
export function retick(element, kind) {
  const mark = element.querySelector(".tick");
  if (mark && mark.dataset.tick !== kind) mark.replaceWith(tickMark(kind));
}
