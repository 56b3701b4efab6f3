// One message: bubble, quote, text, time, tick, what can be done with it.

import { h, svg } from "./dom.js";
import { exact, isLarge, pieces, time } from "./format.js";
import { tickMark } from "./ticks.js";

const REPLY = "M10 8V5l-7 7 7 7v-4c5 0 8 1.6 11 5-1-6-4-11-11-12z";
const INFO = "M12 3a9 9 0 1 0 .01 0M12 11v5M12 8v.1";

const link = (url) => h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, url);

function text(body) {
  const children = pieces(body).map((piece) => (piece.url ? link(piece.url) : piece.text));
  return h("div", { class: isLarge(body) ? "text large" : "text", dir: "auto" }, ...children);
}

const button = (label, path, action) =>
  h("button", { class: "icon-button", type: "button", "aria-label": label, title: label, onclick: action }, svg("0 0 24 24", path));

const meta = (at, mark) => h("div", { class: "meta" }, h("time", { datetime: new Date(at).toISOString(), title: exact(at) }, time(at)), mark && tickMark(mark));

function quoted(entry, actions) {
  return h("button", { class: "quoted", type: "button", dir: "auto", onclick: () => actions.jumpTo(entry.reply_to) }, actions.bodyOf(entry.reply_to));
}

export function messageView(entry, { own, first, mark }, actions) {
  const bubble = h("div", { class: "bubble" }, entry.reply_to ? quoted(entry, actions) : null, text(entry.body), meta(entry.at, mark));
  const tools = h("div", { class: "actions" }, button("Reply", REPLY, () => actions.reply(entry)), own && button("Message info", INFO, () => actions.info(entry)));
  return h("li", { class: `message${own ? " own" : ""}${first ? " first" : ""}`, "data-seq": entry.seq, "data-client-id": entry.client_id }, bubble, tools);
}

function failure(item, actions) {
  const word = (label, action) => h("button", { type: "button", onclick: () => action(item.client_id) }, label);
  const retry = item.state === "failed" && word("Retry", actions.retry);
  return h("div", { class: "failure", role: "alert" }, item.reason || "Not sent", retry, word("Discard", actions.discard));
}

export function pendingView(item, { first }, actions) {
  const mark = item.state === "pending" ? "pending" : "failed";
  const bubble = h("div", { class: "bubble" }, text(item.body), meta(item.at, mark), mark === "failed" && failure(item, actions));
  return h("li", { class: `message own${first ? " first" : ""}`, "data-client-id": item.client_id }, bubble);
}
