// What stands beside a chat in the list: that it is muted, and that one was mentioned in it.

import { gettext } from "../words.js";
import { h, svg } from "./dom.js";

const BELL = "M6 17h12M8 17v-6a4 4 0 0 1 8 0v6M11 20h2M4 4l16 16";

const mark = (kind, name, ...children) => h("span", { class: kind, role: "img", "aria-label": name, title: name }, ...children);

export const mutedMark = ({ isMuted }) => isMuted && mark("muted", gettext("Muted"), svg("0 0 24 24", BELL));
export const mentionMark = ({ isMentioned }) => isMentioned && mark("badge", gettext("You were mentioned"), "@");
