// The marks beside one's own messages: drawn, and named for who does not see them.

import { h, svg } from "./dom.js";

const CHECK = "M1.5 6.5l3.2 3.2L11 3";
const MARKS = {
  pending: { name: "Waiting", paths: ["M8.5 1.5a4.5 4.5 0 1 0 .01 0M8.5 3.5v2.7l1.7 1"] },
  sent: { name: "Sent", paths: ["M4 6.5l3.2 3.2L13.5 3"] },
  delivered: { name: "Delivered", paths: [CHECK, "M6.6 8.4l1.3 1.3L14.2 3"] },
  seen: { name: "Read", paths: [CHECK, "M6.6 8.4l1.3 1.3L14.2 3"] },
  failed: { name: "Failed", paths: ["M8.5 1.5a4.5 4.5 0 1 0 .01 0M8.5 3.7v2.8M8.5 8.3v.1"] },
};

export function tickMark(kind) {
  const { name, paths } = MARKS[kind];
  return h("span", { class: "tick", "data-tick": kind, role: "img", "aria-label": name, title: name }, svg("0 0 17 12", ...paths));
}
