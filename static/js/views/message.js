// One message: bubble, quote, text, time, tick, what can be done with it.

import { h, svg } from "./dom.js";
import { exact, isLarge, pieces, time } from "./format.js";
import { tickMark } from "./ticks.js";

const REPLY = "M10 8V5l-7 7 7 7v-4c5 0 8 1.6 11 5-1-6-4-11-11-12z";
const MORE = "M6 12h.01M12 12h.01M18 12h.01";

export const DELETED = "This message was deleted";
const GONE = "This message is not available";
const EXPIRED = "Not delivered: it waited as long as the server keeps messages, and no device came for it.";

const link = (url) => h("a", { href: url, target: "_blank", rel: "noopener noreferrer", dir: "ltr" }, url);

const meta = ({ at, edited_at }, mark) =>
  h(
    "span",
    { class: "meta" },
    edited_at && h("span", { class: "edited", title: exact(edited_at) }, "edited"),
    h("time", { datetime: new Date(at).toISOString(), title: exact(at) }, time(at)),
    mark && tickMark(mark),
  );

// Time and tick float at the end of the last line; a line of their own only when there is no room.
function text(body, tail) {
  const children = pieces(body).map((piece) => (piece.url ? link(piece.url) : piece.text));
  return h("div", { class: isLarge(body) ? "text large" : "text" }, h("span", { class: "body" }, ...children), tail);
}

const deletedText = (tail) => h("div", { class: "text deleted" }, h("span", {}, DELETED), tail);

// `entry`: undefined while it is fetched, null when there is none.
function quoted({ seq, entry, name }, actions) {
  const who = h("span", { class: "quoted-name", dir: "auto" }, entry ? name(entry.sender) : "…");
  const words = entry === null ? GONE : entry?.deleted ? DELETED : entry?.body;
  const what = h("span", { class: entry && !entry.deleted ? "quoted-text" : "quoted-text deleted", dir: "auto" }, words ?? "…");
  return h("button", { class: "quoted", type: "button", title: "Go to this message", onclick: () => actions.jumpTo(seq) }, who, what);
}

function button(label, path, attributes) {
  return h("button", { class: "icon-button", type: "button", "aria-label": label, title: label, ...attributes }, svg("0 0 24 24", path));
}

function tools(entry, actions) {
  const open = ({ currentTarget }) => actions.menu(entry, currentTarget);
  const more = { class: "icon-button more", "aria-haspopup": "menu", "aria-expanded": "false", onclick: open };
  const reply = !entry.deleted && button("Reply", REPLY, { onclick: () => actions.reply(entry) });
  return h("div", { class: "actions" }, reply, button("More", MORE, more));
}

// Focusable by touch, so that its tools show.
const bubble = (...children) => h("div", { class: "bubble", tabindex: "-1" }, ...children);

const classes = (own, first) => `message${own ? " own" : ""}${first ? " first" : ""}`;

function failure(reason, ...choices) {
  const buttons = choices.filter(Boolean).map(([label, action]) => h("button", { type: "button", onclick: action }, label));
  return h("div", { class: "failure", role: "alert" }, h("span", { class: "failure-reason" }, reason), ...buttons);
}

// `resend`: the attempt to send it anew, once it has expired.
export function messageView(entry, { own, first, mark, quote, sender, resend }, actions) {
  const tail = meta(entry, !entry.deleted && mark);
  const expired = mark === "failed" && failure(resend?.reason ?? EXPIRED, ["Retry", () => actions.resend(entry)]);
  const inside = bubble(
    sender && h("span", { class: "sender", dir: "auto" }, sender),
    quote && !entry.deleted && quoted(quote, actions),
    entry.deleted ? deletedText(tail) : text(entry.body, tail),
    !entry.deleted && expired,
  );
  return h("li", { class: classes(own, first), "data-seq": entry.seq, "data-client-id": entry.client_id }, inside, tools(entry, actions));
}

export function unsentView(item, { first, quote }, actions) {
  const hasFailed = item.state !== "pending";
  const retry = item.state === "failed" && ["Retry", () => actions.retry(item.client_id)];
  const failed = hasFailed && failure(`Not sent. ${item.reason || ""}`, retry, ["Discard", () => actions.discard(item.client_id)]);
  const inside = bubble(quote && quoted(quote, actions), text(item.body, meta(item, hasFailed ? "failed" : "pending")), failed);
  return h("li", { class: `${classes(true, first)} unsent`, "data-client-id": item.client_id }, inside);
}
