// What rows a thread has: days, the line above what is unread, messages, what waits to be sent. Each with a key that
// changes exactly when the row must be made anew.

import { h } from "./dom.js";
import { day, dayKey } from "./format.js";
import { messageView, unsentView } from "./message.js";
import { retick } from "./ticks.js";

const GROUP_MS = 5 * 60 * 1000;

// The first of its sender's run: it gets the tail, and some air above.
const isFirst = (before, entry) =>
  !before || before.sender !== entry.sender || entry.at - before.at > GROUP_MS || dayKey(before.at) !== dayKey(entry.at);

function separators(before, entry, unreadFrom) {
  const found = [];
  if (!before || dayKey(before.at) !== dayKey(entry.at)) {
    const text = day(entry.at);
    found.push([`d${dayKey(entry.at)} ${text}`, () => h("li", { class: "day" }, text)]);
  }
  if (unreadFrom && entry.seq === unreadFrom) found.push(["unread", () => h("li", { class: "unread-line" }, "Unread messages")]);
  return found;
}

export function plan({ chat, unsent, unreadFrom, quoteOf, actions }) {
  const rows = [];
  let before = null;
  const quote = (seq) => (seq ? { seq, entry: quoteOf(seq), name: (id) => (id === chat.me ? "You" : chat.name) } : null);
  for (const entry of chat.shown) {
    const own = entry.sender === chat.me;
    const apart = separators(before, entry, unreadFrom);
    const look = { own, first: apart.length > 0 || isFirst(before, entry), mark: own && chat.tickOf(entry), quote: quote(entry.reply_to) };
    const key = `m${entry.seq} ${look.first} ${look.quote?.entry?.seq}`;
    rows.push(...apart, [key, () => messageView(entry, look, actions), (row) => own && retick(row, look.mark)]);
    before = entry;
  }
  for (const item of unsent) {
    const entry = { ...item, sender: chat.me };
    const apart = separators(before, entry);
    const look = { first: apart.length > 0 || isFirst(before, entry), quote: quote(item.reply_to) };
    rows.push(...apart, [`u${item.client_id} ${item.state} ${look.first} ${look.quote?.entry?.seq}`, () => unsentView(item, look, actions)]);
    before = entry;
  }
  return rows;
}
