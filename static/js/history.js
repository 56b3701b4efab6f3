// Entries that are not in memory: from the database, and what it lacks from the server.

import { fetchRange } from "./protocol.js";

const PAGE = 50;
// Pages asked for in a row where there is nothing to show in any of them.
const EMPTY_PAGES = 40;

// Of a range the run about `seq` of which each is an entry or known not to be there. Empty: `from` above `to`.
function run({ entries, absent }, from, to, seq) {
  const seqs = new Set(entries.map((entry) => entry.seq));
  const isKnown = (each) => seqs.has(each) || absent.some((range) => range.from <= each && each <= range.to);
  let [first, last] = [seq + 1, seq];
  while (first > from && isKnown(first - 1)) first -= 1;
  while (first <= seq && last < to && isKnown(last + 1)) last += 1;
  return { entries: entries.filter((entry) => entry.seq >= first && entry.seq <= last), absent, from: first, to: last };
}

export class History {
  constructor({ database, transmit, isOnline }) {
    Object.assign(this, { database, transmit, isOnline });
    this.asked = new Map();
  }

  // What there is before what is looked at, a page of it. False: there is none, or it cannot be had now. `isStored`:
  // from the database alone.
  older(chat, isStored) {
    const bounds = ({ view }) => [Math.max(chat.start, view.from - PAGE), view.from - 1, view.from - 1];
    return this.#further(chat, bounds, isStored);
  }

  // What there is after it, up to where the newest begin.
  async newer(chat) {
    const bounds = ({ view, reach }) => [view.to + 1, Math.min(reach, view.to + PAGE), view.to + 1];
    return chat.log.isDetached && (chat.log.join() || this.#further(chat, bounds));
  }

  async #further(chat, bounds, isStored = false) {
    for (let pages = 0; pages < EMPTY_PAGES; pages += 1) {
      const [from, to, seq] = bounds(chat.log);
      if (to < from) return false;
      const page = await this.#range(chat.id, from, to, seq, isStored);
      // Somebody else may have asked for the same, or something else is looked at.
      if (bounds(chat.log)[2] !== seq) return true;
      if (page.from > page.to) return false;
      chat.log.grow(page);
      if (page.entries.length) break;
    }
    return true;
  }

  // Entry `seq` and what there is around it. False: it is not there, or cannot be had now.
  async around(chat, seq, isStored) {
    const { reach } = chat.log;
    const from = Math.max(chat.start, seq - PAGE / 2);
    const to = Math.min(reach, seq + PAGE / 2);
    if (seq < from || seq > to) return false;
    const page = await this.#range(chat.id, from, to, seq, isStored);
    if (page.from > page.to || chat.log.reach < page.to) return false;
    chat.log.lookAt(page);
    return true;
  }

  // One entry, for a quote: null when it is not there, undefined when it is not to be had now.
  async one(chat, seq) {
    const page = await this.#range(chat.id, seq, seq, seq);
    return page.entries[0] ?? (page.from <= seq ? null : undefined);
  }

  // A hole in the database only says that this device has not met what is there: the server answers for all of a range.
  // Without it there is what leads to `seq` without a hole.
  async #range(conv, from, to, seq, isStored = false) {
    const stored = await this.database.range(conv, from, to);
    const known = run(stored, from, to, seq);
    if (isStored || (known.from === from && known.to === to)) return known;
    const fetched = await this.fetch(conv, from, to);
    return fetched ? { ...fetched, from, to } : known;
  }

  // From the server; null without a connection, or when it ends before the answer. Stored by whoever gets the frame.
  // Of large texts a page holds less than was asked for.
  async fetch(conv, from, to) {
    const found = { entries: [], absent: [] };
    for (let next = from; next <= to; ) {
      const page = await this.#page(conv, next, to);
      if (!page) return null;
      found.entries.push(...page.entries);
      found.absent.push(...page.absent);
      next = page.to + 1;
    }
    return found;
  }

  #page(conv, from, to) {
    if (!this.isOnline()) return Promise.resolve(null);
    const key = `${conv} ${from} ${to}`;
    const asked = this.asked.get(key);
    if (asked) return asked.promise;
    const question = { conv, from, to };
    question.promise = new Promise((resolve) => (question.resolve = resolve));
    this.asked.set(key, question);
    this.transmit(fetchRange(conv, from, to));
    return question.promise;
  }

  // `entries`: as they are stored now. Questions are answered in the order they were asked in.
  answered({ conv, from, to }, entries, absent) {
    const isMeant = ([, asked]) => asked.conv === conv && asked.from === from && asked.to >= to;
    const [key, question] = [...this.asked].find(isMeant) ?? [];
    this.asked.delete(key);
    question?.resolve({ entries, absent, to });
  }

  // Refused, or the connection is gone. `conv`: only what was asked of this one.
  abandon(conv) {
    for (const [key, question] of this.asked) {
      if (conv && question.conv !== conv) continue;
      this.asked.delete(key);
      question.resolve(null);
    }
  }
}
