// Entries below where this page began: from the database, and what it lacks from the server.

import { Cursor } from "./order.js";
import { fetchRange } from "./protocol.js";

const PAGE = 50;
// Pages asked for in a row where there is nothing to show in any of them.
const EMPTY_PAGES = 40;

// Whether each seq of a range is an entry or known not to be there.
function isWhole({ entries, absent }, from, to) {
  const cursor = new Cursor(from - 1, entries.map(({ seq }) => seq), absent);
  cursor.upto(from - 1);
  return cursor.position >= to;
}

// The end of a range that leads up to `to` without a hole.
function unbroken({ entries, absent }, from, to) {
  const seqs = new Set(entries.map(({ seq }) => seq));
  let first = to + 1;
  for (let below = to; below !== undefined && first > from; ) {
    below = seqs.has(first - 1) ? first - 1 : absent.find((range) => range.from < first && range.to >= first - 1)?.from;
    first = below ?? first;
  }
  first = Math.max(first, from);
  return { entries: entries.filter(({ seq }) => seq >= first), absent, from: first };
}

export class History {
  constructor({ database, transmit, isOnline }) {
    Object.assign(this, { database, transmit, isOnline });
    this.asked = new Map();
  }

  // What there is before what is in memory, a page of it. False: there is none, or it cannot be had now.
  async older(chat) {
    for (let pages = 0; pages < EMPTY_PAGES; pages += 1) {
      const to = chat.from - 1;
      const from = Math.max(chat.start, to - PAGE + 1);
      if (to < from) return false;
      const page = await this.#range(chat.id, from, to);
      // Somebody else may have asked for the same.
      if (chat.from !== to + 1) return true;
      chat.prepend(page.entries, page.from, page.absent);
      if (page.from > to) return false;
      if (page.entries.length) break;
    }
    return true;
  }

  // One entry, for a quote: null when it is not there, undefined when it is not to be had now.
  async one(chat, seq) {
    const page = await this.#range(chat.id, seq, seq);
    return page.entries[0] ?? (page.from <= seq ? null : undefined);
  }

  // A hole in the database only says that this device has not met what is there: the server answers for all of a range.
  async #range(conv, from, to) {
    const stored = await this.database.range(conv, from, to);
    if (isWhole(stored, from, to)) return { ...stored, from };
    const fetched = await this.fetch(conv, from, to);
    return fetched ? { ...fetched, from } : unbroken(stored, from, to);
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
