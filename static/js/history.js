// Entries below where this page began: from the database, and what it lacks from the server.

import { fetchRange } from "./protocol.js";

const PAGE = 50;

// The end of `entries` that leads up to `to` without a hole.
function unbroken(entries, to) {
  let first = entries.length;
  while (first > 0 && entries[first - 1].seq === to - (entries.length - first)) first -= 1;
  return entries.slice(first);
}

export class History {
  constructor({ database, transmit, isOnline }) {
    Object.assign(this, { database, transmit, isOnline });
    this.asked = new Map();
  }

  // The page before what is in memory. False: there is none, or it cannot be had now.
  async older(chat) {
    const to = chat.from - 1;
    const from = Math.max(chat.start, to - PAGE + 1);
    if (to < from) return false;
    const page = await this.#range(chat.id, from, to);
    // Somebody else may have asked for the same.
    if (chat.from !== to + 1) return true;
    chat.prepend(page.entries, page.from);
    return page.from <= to;
  }

  // One entry, for a quote; undefined when it is not to be had now.
  async one(chat, seq) {
    const page = await this.#range(chat.id, seq, seq);
    return page.entries[0];
  }

  // What the server lacks of a range it answers for is not to be had; a hole in the database only says that this
  // device has not met it.
  async #range(conv, from, to) {
    const stored = await this.database.entries(conv, from, to);
    if (stored.length === to - from + 1) return { entries: stored, from };
    const fetched = await this.fetch(conv, from, to);
    if (fetched) return { entries: fetched, from };
    const entries = unbroken(stored, to);
    return { entries, from: entries[0]?.seq ?? to + 1 };
  }

  // From the server; null without a connection, or when it ends before the answer. Stored by whoever gets the frame.
  fetch(conv, from, to) {
    if (!this.isOnline()) return Promise.resolve(null);
    const key = `${conv} ${from} ${to}`;
    const asked = this.asked.get(key);
    if (asked) return asked.promise;
    const question = { conv };
    question.promise = new Promise((resolve) => (question.resolve = resolve));
    this.asked.set(key, question);
    this.transmit(fetchRange(conv, from, to));
    return question.promise;
  }

  answered({ conv, from, to, entries }) {
    const key = `${conv} ${from} ${to}`;
    this.asked.get(key)?.resolve(entries);
    this.asked.delete(key);
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
