// What is on its way out and what is being written, kept through reloads, crashes of the tab and days offline.

import { messagesOf } from "./drafts.js";
import { done, removeItem, result } from "./idb.js";
import { roomy, write } from "./room.js";

// What was being written in a conversation, for the last time.
export async function takeDraft(drafts, conv) {
  const draft = await result(drafts.get(conv));
  drafts.delete(conv);
  return draft ? messagesOf(draft) : [];
}

// Of a conversation that takes no messages any more: none waits, all say why. What was sent once already goes with it.
export async function refuseItems(outbox, conv, reason) {
  const items = (await result(outbox.getAll())).filter((item) => item.conv === conv);
  for (const { n, kind } of items) if (kind === "resend") outbox.delete(n);
  // What it answered is not there any more either.
  const refused = ({ reply_to: _, ...item }) => (item.state === "rejected" ? item : { ...item, state: "rejected", reason });
  const kept = items.filter(({ kind }) => kind !== "resend").map(refused);
  for (const item of kept) outbox.put(item);
  return kept;
}

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

  // What has become of an item that is still there, e.g. {state, reason}.
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

  remove(clientId) {
    return write(this.handle, ["outbox", "blobs"], (stores) => removeItem(stores, clientId));
  }

  drafts() {
    return result(this.handle.transaction("drafts").objectStore("drafts").getAll());
  }

  // As drafts.js has it; with nothing in it there is nothing to keep. Not worth waiting for the disk at each key.
  setDraft({ conv, text, quote, edit, files }) {
    return roomy(this.handle, () => {
      const transaction = this.handle.transaction("drafts", "readwrite", { durability: "relaxed" });
      const drafts = transaction.objectStore("drafts");
      if (text || quote || edit || files?.length) drafts.put({ conv, text, quote, edit, files });
      else drafts.delete(conv);
      transaction.commit();
      return done(transaction);
    });
  }
}
