// One message: bubble, quote, text, time, tick, what can be done with it.

import { h, svg } from "./dom.js";
import { exact, isLarge, pieces, time } from "./format.js";
import { tickMark } from "./ticks.js";

const REPLY = "M10 8V5l-7 7 7 7v-4c5 0 8 1.6 11 5-1-6-4-11-11-12z";
const INFO = "M12 3a9 9 0 1 0 .01 0M12 11v5M12 8v.1";

const link = (url) => h("a", { href: url, target: "_blank", rel: "noopener noreferrer", dir: "ltr" }, url);

const meta = (at, mark) =>
  h("span", { class: "meta" }, h("time", { datetime: new Date(at).toISOString(), title: exact(at) }, time(at)), mark && tickMark(mark));

// Time and tick float at the end of the last line; a line of their own only when there is no room.
function text(body, tail) {
  const children = pieces(body).map((piece) => (piece.url ? link(piece.url) : piece.text));
  return h("div", { class: isLarge(body) ? "text large" : "text" }, h("span", { class: "body" }, ...children), tail);
}

function quoted({ seq, entry, name }, actions) {
  const who = h("span", { class: "quoted-name", dir: "auto" }, entry ? name(entry.sender) : "…");
  const what = h("span", { class: "quoted-text", dir: "auto" }, entry?.body ?? "…");
  return h("button", { class: "quoted", type: "button", title: "Go to this message", onclick: () => actions.jumpTo(seq) }, who, what);
}

const button = (label, path, action) =>
  h("button", { class: "icon-button", type: "button", "aria-label": label, title: label, onclick: action }, svg("0 0 24 24", path));

// Focusable by touch, so that its tools show.
const bubble = (...children) => h("div", { class: "bubble", tabindex: "-1" }, ...children);

const classes = (own, first) => `message${own ? " own" : ""}${first ? " first" : ""}`;

export function messageView(entry, { own, first, mark, quote }, actions) {
  const tools = h("div", { class: "actions" }, button("Reply", REPLY, () => actions.reply(entry)), own && button("Message info", INFO, () => actions.info(entry)));
  const inside = bubble(quote && quoted(quote, actions), text(entry.body, meta(entry.at, mark)));
  return h("li", { class: classes(own, first), "data-seq": entry.seq, "data-client-id": entry.client_id }, inside, tools);
}

function failure(item, actions) {
  const word = (label, action) => h("button", { type: "button", onclick: () => action(item.client_id) }, label);
  const retry = item.state === "failed" && word("Retry", actions.retry);
  const reason = h("span", { class: "failure-reason" }, `Not sent. ${item.reason || ""}`);
  return h("div", { class: "failure", role: "alert" }, reason, retry, word("Discard", actions.discard));
}

export function unsentView(item, { first, quote }, actions) {
  const hasFailed = item.state !== "pending";
  const inside = bubble(quote && quoted(quote, actions), text(item.body, meta(item.at, hasFailed ? "failed" : "pending")), hasFailed && failure(item, actions));
  return h("li", { class: `${classes(true, first)} unsent`, "data-client-id": item.client_id }, inside);
}
