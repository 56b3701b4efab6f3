// One message: bubble, quote, text, time, tick, what can be done with it. Those who hear the page get who wrote it, the
// text, the time and the tick as one; `id` names these parts.

import { filesOf, summary, wordsOf } from "../attachment.js";
import { late } from "../late.js";
import { allTexts } from "../lazy.js";
import { gettext, interpolate } from "../words.js";
import { h, svg } from "./dom.js";
import { exact, isLarge, isLong, pieces, time } from "./format.js";
import { tickMark } from "./ticks.js";

const REPLY = "M10 8V5l-7 7 7 7v-4c5 0 8 1.6 11 5-1-6-4-11-11-12z";
const MORE = "M6 12h.01M12 12h.01M18 12h.01";

export const DELETED = gettext("This message was deleted");
const GONE = gettext("This message is not available");
const EXPIRED = gettext("Not delivered: it waited as long as the server keeps messages, and no device came for it.");
const UNFOLD = gettext("Read more");
const FOLD = gettext("Show less");

// All but one message's are reached by arrow keys, not by Tab (rover.js).
const press = (attributes, ...children) => h("button", { type: "button", tabindex: "-1", ...attributes }, ...children);

const link = ({ url, text }) => h("a", { href: url, target: "_blank", rel: "noopener noreferrer", dir: "ltr", tabindex: "-1" }, text);

const meta = (id, { at, edited_at }, mark) =>
  h(
    "span",
    { class: "meta", id: `${id}-meta` },
    edited_at && h("span", { class: "edited", title: exact(edited_at) }, gettext("edited")),
    h("time", { datetime: new Date(at).toISOString(), title: exact(at) }, time(at)),
    mark && tickMark(mark),
  );

// Opens and closes in place. `note(isOpen)`: a row made anew is as this one was.
function folding(element, isOpen, note) {
  const set = (open) => {
    element.classList.toggle("folded", !open);
    button.textContent = open ? FOLD : UNFOLD;
    button.setAttribute("aria-expanded", open);
  };
  const toggle = () => {
    const open = element.classList.contains("folded");
    set(open);
    if (!open) element.closest("li").scrollIntoView({ block: "nearest" });
    note(open);
  };
  const button = press({ class: "fold", onclick: toggle });
  set(isOpen);
  return button;
}

// Time and tick float at the end of the last line; a line of their own only when there is no room.
function text(id, body, tail, { isOpen, note }, called) {
  const children = pieces(body).flatMap((piece) => (piece.url ? link(piece) : called?.length ? late.marked(piece.text, called) : piece.text));
  const element = h("div", { class: isLarge(body) ? "text large" : "text" }, h("span", { class: "body", id: `${id}-body` }, ...children));
  if (isLong(body)) element.append(folding(element, isOpen, note));
  element.append(tail);
  return element;
}

const deletedText = (id, tail) => h("div", { class: "text deleted" }, h("span", { id: `${id}-body` }, DELETED), tail);

// `entry`: undefined while it is fetched, null when there is none.
function quoted({ seq, entry, name }, actions) {
  const who = h("span", { class: "quoted-name", dir: "auto" }, entry ? name(entry.sender) : "…");
  const words = entry === null ? GONE : entry?.deleted ? DELETED : entry && wordsOf(entry);
  const what = h("span", { class: entry && !entry.deleted ? "quoted-text" : "quoted-text deleted", dir: "auto" }, words ?? "…");
  return press({ class: "quoted", title: gettext("Go to this message"), onclick: () => actions.jumpTo(seq) }, who, what);
}

const icon = (label, path, attributes) => press({ class: "icon-button", "aria-label": label, title: label, ...attributes }, svg("0 0 24 24", path));

function tools(entry, actions) {
  const open = ({ currentTarget }) => actions.menu(entry, currentTarget);
  const more = { class: "icon-button more", "aria-haspopup": "menu", "aria-expanded": "false", onclick: open };
  const reply = !entry.deleted && icon(gettext("Reply"), REPLY, { onclick: () => actions.reply(entry) });
  return h("div", { class: "actions" }, reply, icon(gettext("More"), MORE, more));
}

// Shown above the first of someone's run in a group, said with every message.
const whoSaid = (id, { who, sender }) => h("span", { class: sender ? "sender" : "visually-hidden", id: `${id}-who`, dir: "auto" }, who);

// Focusable by touch, so that its tools show.
function bubble(id, ...children) {
  const parts = ["who", "files", "body", "meta"].map((part) => `${id}-${part}`).join(" ");
  return h("div", { class: "bubble", tabindex: "-1", role: "article", "aria-labelledby": parts }, ...children);
}

const classes = (own, first) => `message${own ? " own" : ""}${first ? " first" : ""}`;

// `words(reason)`: what to say of the server's, which may be translated a moment later.
function failure(words, reason, ...choices) {
  const why = h("span", { class: "failure-reason" }, words(reason));
  const anew = () => words(reason) !== why.textContent && (why.textContent = words(reason));
  if (reason) allTexts().then(anew, () => {});
  const buttons = choices.filter(Boolean).map(([label, action]) => press({ onclick: action }, label));
  return h("div", { class: "failure", role: "alert" }, why, ...buttons);
}

// Until what shows files is here, what there is in words. `acts`: what can be done with them.
function filesView(id, message, { views }, acts) {
  if (!filesOf(message).length) return null;
  return views ? views.filesView(id, message, acts) : h("div", { id: `${id}-files` }, summary(filesOf(message)));
}

const folded = ({ client_id }, actions) => ({ isOpen: actions.isUnfolded(client_id), note: (isOpen) => actions.unfold(client_id, isOpen) });

const notSentAnew = (reason) => (reason ? gettext(reason) : EXPIRED);

// `resend`: the attempt to send it anew, once it has expired.
export function messageView(entry, look, actions) {
  const { id, own, first, mark, quote, resend } = look;
  const tail = meta(id, entry, !entry.deleted && mark);
  const expired = mark === "failed" && failure(notSentAnew, resend?.reason, [gettext("Retry"), () => actions.resend(entry)]);
  const inside = bubble(
    id,
    whoSaid(id, look),
    quote && !entry.deleted && quoted(quote, actions),
    !entry.deleted && filesView(id, entry, actions, actions),
    entry.deleted ? deletedText(id, tail) : text(id, entry.body, tail, folded(entry, actions), look.called),
    !entry.deleted && expired,
  );
  return h("li", { class: classes(own, first), "data-seq": entry.seq, "data-client-id": entry.client_id }, inside, tools(entry, actions));
}

// Why, as it is kept: in English.
const notSent = (reason) => (reason ? interpolate(gettext("Not sent. %(reason)s"), { reason: gettext(reason) }) : gettext("Not sent."));

export function unsentView(item, look, actions) {
  const { id, first, quote } = look;
  const hasFailed = item.state !== "pending";
  const retry = item.state === "failed" && [gettext("Retry"), () => actions.retry(item.client_id)];
  const copy = hasFailed && item.body && [gettext("Copy text"), () => actions.copy(item)];
  const failed = hasFailed && failure(notSent, item.reason, retry, copy, [gettext("Discard"), () => actions.discard(item.client_id)]);
  const tail = meta(id, item, hasFailed ? "failed" : "pending");
  const inside = bubble(
    id,
    whoSaid(id, look),
    quote && quoted(quote, actions),
    filesView(id, item, actions),
    actions.views?.progressView(item, actions),
    text(id, item.body, tail, folded(item, actions), look.called),
    failed,
  );
  return h("li", { class: `${classes(true, first)} unsent`, "data-client-id": item.client_id }, inside);
}
