// What rows a thread has: days, the line above what is unread, messages, lines for what is not there, what waits to be
// sent. Each with a key that changes exactly when the row must be made anew.

import { revision } from "../replica.js";
import { h } from "./dom.js";
import { day, dayKey } from "./format.js";
import { Gaps, previewGap } from "./gaps.js";
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

const quoteKey = ({ entry } = {}) => (entry ? `${entry.seq}.${revision(entry)}` : entry);

// One thread's plan in the making.
class Plan {
  constructor({ chat, unreadFrom, quoteOf, resendOf, actions }) {
    Object.assign(this, { chat, unreadFrom, quoteOf, resendOf, actions, rows: [], before: null, isBroken: false });
  }

  add(...rows) {
    this.rows.push(...rows);
  }

  entry(entry) {
    const { chat } = this;
    const own = entry.sender === chat.me;
    const first = this.#separate(entry);
    const resend = own ? this.resendOf(entry.seq) : undefined;
    const mark = own && (resend?.state ?? chat.tickOf(entry));
    const sender = chat.kind === "group" && !own && first && chat.roster.nameOf(entry.sender);
    const look = { own, first, mark, sender, resend, quote: this.#quote(entry.reply_to) };
    const key = `m${entry.seq} ${revision(entry)} ${first} ${quoteKey(look.quote)} ${mark === "failed" && (resend?.reason ?? true)}`;
    this.add([key, () => messageView(entry, look, this.actions), (row) => own && !entry.deleted && retick(row, mark)]);
  }

  unsent(item) {
    const look = { first: this.#separate({ ...item, sender: this.chat.me }), quote: this.#quote(item.reply_to) };
    this.add([`u${item.client_id} ${item.state} ${look.first} ${quoteKey(look.quote)}`, () => unsentView(item, look, this.actions)]);
  }

  // A line across: whoever comes next begins anew.
  line(...rows) {
    if (rows.length) this.isBroken = true;
    this.add(...rows);
  }

  #separate(entry) {
    const apart = separators(this.before, entry, this.unreadFrom);
    const first = this.isBroken || apart.length > 0 || isFirst(this.before, entry);
    this.add(...apart);
    Object.assign(this, { before: entry, isBroken: false });
    return first;
  }

  #quote(seq) {
    return seq ? { seq, entry: this.quoteOf(seq), name: (id) => this.chat.roster.nameOf(id) } : undefined;
  }
}

export function plan({ chat, unsent, ...more }) {
  const made = new Plan({ chat, ...more });
  const gaps = new Gaps(chat);
  const { log } = chat;
  const add = (entry) => {
    made.line(...gaps.before(entry.seq));
    made.entry(entry);
  };
  log.shown.forEach(add);
  if (log.isDetached) {
    made.line(...gaps.before(log.past.to + 1));
    return made.rows;
  }
  if (log.preview) {
    // What expired in between belongs to what is on its way.
    gaps.before(log.tail.from);
    made.line(previewGap(log));
  }
  log.ahead.forEach(add);
  made.line(...gaps.before(log.received + 1));
  unsent.forEach((item) => made.unsent(item));
  return made.rows;
}
