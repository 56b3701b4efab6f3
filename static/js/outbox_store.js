// What is on its way out and what is being written, kept through reloads, crashes of the tab and days offline.

import { addNew, done, removeItem, result, write } from "./idb.js";

export class OutboxStore {
  constructor(handle) {
    Object.assign(this, { handle, waiting: [], isWriting: false });
  }

  // In the order they were written, whichever tab they were written in.
  all() {
    return result(this.handle.transaction("outbox").objectStore("outbox").getAll());
  }

  // Resolves to the item with its place in the line, `n`, once it is on disk; its conversation's draft is gone then.
  // What is added meanwhile goes to disk together.
  add(item) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      if (!this.isWriting) this.#work();
    });
  }

  async #work() {
    this.isWriting = true;
    while (this.waiting.length) {
      const batch = this.waiting.splice(0);
      try {
        const places = await this.#write(batch.map(({ item }) => item));
        batch.forEach(({ item, resolve }, at) => resolve({ ...item, n: places[at] }));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.isWriting = false;
  }

  #write(items) {
    return write(this.handle, ["outbox", "drafts"], ({ outbox, drafts }) => {
      for (const { conv } of items) drafts.delete(conv);
      return Promise.all(items.map((item) => result(outbox.add(item))));
    });
  }

  // What has become of an item that is still there: {state, reason}.
  note(clientId, news) {
    return write(this.handle, ["outbox"], ({ outbox }) => {
      outbox.index("client_id").get(clientId).onsuccess = ({ target }) => target.result && outbox.put({ ...target.result, ...news });
    });
  }

  // To the end of the line. Undefined: it is not there any more.
  requeue(clientId, news) {
    return write(this.handle, ["outbox"], async ({ outbox }) => {
      const item = await result(outbox.index("client_id").get(clientId));
      if (!item) return undefined;
      const { n, ...kept } = { ...item, ...news };
      outbox.delete(n);
      return { ...kept, n: await result(outbox.add(kept)) };
    });
  }

  // What another device of this person has left, at the end of the line: {items, drafts}, as far as it was not here yet.
  inherit({ items, drafts }) {
    return write(this.handle, ["outbox", "drafts"], async (stores) => {
      const kept = await Promise.all(items.map(async ({ n: _, ...item }) => ({ ...item, n: await addNew(stores.outbox, item) })));
      const written = await Promise.all(drafts.map(async (draft) => (await addNew(stores.drafts, draft)) && draft));
      return { items: kept.filter(({ n }) => n), drafts: written.filter(Boolean) };
    });
  }

  remove(clientId) {
    return write(this.handle, ["outbox"], ({ outbox }) => removeItem(outbox, clientId));
  }

  drafts() {
    return result(this.handle.transaction("drafts").objectStore("drafts").getAll());
  }

  // {conv, text, quote}; without text and quote there is nothing to keep. Not worth waiting for the disk at each key.
  setDraft({ conv, text, quote }) {
    const transaction = this.handle.transaction("drafts", "readwrite", { durability: "relaxed" });
    const drafts = transaction.objectStore("drafts");
    if (text || quote) drafts.put({ conv, text, quote });
    else drafts.delete(conv);
    transaction.commit();
    return done(transaction);
  }
}
