// What rows a thread has: days, the line above what is unread, messages, lines for what is not there, what waits to be
// sent. Each with an id that stays (a message's also when it has been sent) and a look that changes exactly when the row
// must be made anew.

import { filesOf } from "../attachment.js";
import { late } from "../late.js";
import { revision } from "../replica.js";
import { gettext } from "../words.js";
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
    found.push({ id: `day ${dayKey(entry.at)}`, look: text, make: () => h("li", { class: "day" }, text) });
  }
  if (unreadFrom && entry.seq === unreadFrom) found.push({ id: "unread", make: () => h("li", { class: "unread-line" }, gettext("Unread messages")) });
  return found;
}

// Of its files: which are only named, and which are on the server.
const filesLook = (message, { views }) => filesOf(message).map((file) => [file.withheld, file.attachment, views].map(Boolean));

const quoteLook = ({ entry } = {}) => (entry ? `${entry.seq}.${revision(entry)}` : entry);

// Client ids are unique for their sender only.
const idOf = ({ client_id, seq }, own) => (own ? `own-${client_id}` : `m${seq}`);

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
    if (entry.event) return this.#event(entry);
    const own = entry.sender === chat.me;
    const first = this.#separate(entry);
    const resend = own ? this.resendOf(entry.seq) : undefined;
    const mark = own && (resend?.state ?? chat.tickOf(entry));
    const sender = chat.kind === "group" && !own && first;
    const [id, who] = [idOf(entry, own), chat.roster.nameOf(entry.sender)];
    const more = { id, own, first, mark, who, sender, resend, quote: this.#quote(entry.reply_to), called: late.usernames?.(entry, chat) };
    const look = `${entry.seq} ${revision(entry)} ${first} ${quoteLook(more.quote)} ${mark === "failed" && (resend?.reason ?? true)} ${who} ${more.called} ${filesLook(entry, this.actions)}`;
    const freshen = (row) => own && !entry.deleted && retick(row, mark);
    this.add({ id, look, make: () => messageView(entry, more, this.actions), freshen });
  }

  unsent(item) {
    const { me, roster } = this.chat;
    const [id, first, quote] = [idOf(item, true), this.#separate({ ...item, sender: me }), this.#quote(item.reply_to)];
    const look = `unsent ${item.state} ${first} ${quoteLook(quote)} ${filesLook(item, this.actions)}`;
    const make = () => unsentView(item, { id, first, quote, who: roster.nameOf(me), called: late.usernames?.(item, this.chat) }, this.actions);
    this.add({ id, look, make, freshen: (row) => this.actions.views?.freshenProgress(row, item) });
  }

  // A line across: whoever comes next begins anew.
  line(...rows) {
    if (rows.length) this.isBroken = true;
    this.add(...rows);
  }

  #event(entry) {
    const words = late.eventText?.(entry, this.chat) ?? "";
    this.#separate(entry);
    this.line({ id: `m${entry.seq}`, look: words, make: () => h("li", { class: "event", "data-seq": entry.seq, dir: "auto" }, words) });
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
