// What this device has stored: messages, their changes, and how far without a gap. DELIVERED is said only after a
// transaction here has completed with strict durability, so that the tick is true even if the tab dies the next moment.
// Several tabs may write: entries merge by revision, positions only rise.

import { allOf, done, open, putEntry, raisePosition, removeItem, result, span } from "./idb.js";
import { OutboxStore, refuseItems, takeDraft } from "./outbox_store.js";
import { Replica, revision } from "./replica.js";
import { roomy, write } from "./room.js";

const COUNTERS = 100;
export const PREFIX = "messenger-";
const LOG = ["messages", "changes", "absent", "positions"];

// `onTaken(why)`: another tab deletes the database ("signed-out"), or upgrades it ("outdated"); this one is of no use any
// more. Rejects where a browser lets nothing be stored, and with a VersionError where a newer page has been.
export async function openDatabase(device, onTaken) {
  const handle = await open(PREFIX + device);
  handle.onversionchange = ({ newVersion }) => {
    handle.close();
    onTaken(newVersion === null ? "signed-out" : "outdated");
  };
  return new Database(handle);
}

// Whether there is any of another device that this browser has been (databases.js).
export async function hasOthers(device) {
  const found = (await indexedDB.databases?.()) ?? [];
  return found.some(({ name }) => name.startsWith(PREFIX) && name !== PREFIX + device);
}

// Entries as they are stored, without where.
const bare = ({ conv: _, ...entry }) => entry;

export class Database {
  constructor(handle) {
    this.handle = handle;
    this.outbox = new OutboxStore(handle);
  }

  #read(store) {
    return this.handle.transaction(store).objectStore(store);
  }

  // Entries, ranges that are not there, and, unless null, the position they bring the device to. The entries as they
  // are now: changes may have come before them, and of what is deleted for this person there is none. `answered`: ids of
  // messages that wait no more, since they are among the entries.
  store(conv, entries, position, absent = [], answered = []) {
    return write(this.handle, answered.length ? [...LOG, "outbox", "blobs"] : LOG, async ({ outbox, blobs, ...stores }) => {
      for (const clientId of answered) removeItem({ outbox, blobs }, clientId);
      for (const range of absent) stores.absent.put({ ...range, conv });
      const kept = await this.#merge(stores, conv, entries, (replica) => replica.takeEntries(entries));
      if (position) raisePosition(stores.positions, position);
      return kept.map(({ after }) => after).filter(Boolean);
    });
  }

  // Edits and deletions, and the revision they bring the device to. What became of their entries: {item (the change),
  // before (undefined: it is not here), after (undefined: nor will it be)}.
  change(conv, changes, position) {
    return write(this.handle, LOG, async (stores) => {
      const outcomes = await this.#merge(stores, conv, changes, (replica) => replica.takeChanges(changes));
      raisePosition(stores.positions, position);
      return outcomes;
    });
  }

  async #merge({ messages, changes, absent }, conv, items, take) {
    const seqs = items.map(({ seq }) => seq);
    if (!seqs.length) return [];
    const range = span(conv, Math.min(...seqs), Math.max(...seqs));
    const known = (await Promise.all([messages, changes].map((store) => result(store.getAll(range))))).map((all) => all.map(bare));
    const [before, held] = [new Map(known[0].map((entry) => [entry.seq, entry])), new Map(known[1].map((each) => [each.seq, each]))];
    const replica = new Replica(...known);
    take(replica);
    return [...new Map(items.map((item) => [item.seq, item])).values()].map((item) => {
      const { seq } = item;
      const [after, change] = [replica.entries.get(seq), replica.changes.get(seq)];
      if (after) putEntry(messages, { ...after, conv });
      else messages.delete([conv, seq]);
      if (change) changes.put({ ...change, conv });
      else if (held.has(seq)) changes.delete([conv, seq]);
      if (change?.type === "hide") absent.put({ conv, from: seq, to: seq, why: "deleted" });
      return { item, before: before.get(seq), after };
    });
  }

  setPositions(positions) {
    return write(this.handle, ["positions"], async (stores) => {
      for (const position of positions) raisePosition(stores.positions, position);
    });
  }

  // Only what the next visit shows first; the server tells it again.
  storeConversations(items) {
    return roomy(this.handle, () => {
      const transaction = this.handle.transaction("conversations", "readwrite");
      for (const item of items) transaction.objectStore("conversations").put(item);
      return done(transaction);
    });
  }

  // The person is not in it any more: of what the server has told nothing stays. What they wrote and did not send does,
  // refused for `reason`, a draft as the message that `item(body)` makes of it; and while there is any of that, the
  // conversation stays as `summary`. Gives what stays.
  leave(summary, reason, item) {
    const conv = summary.id;
    return write(this.handle, [...LOG, "conversations", "outbox", "drafts"], async ({ positions, conversations, outbox, drafts, ...log }) => {
      for (const store of Object.values(log)) store.delete(allOf(conv));
      positions.delete(conv);
      for (const { body, files } of await takeDraft(drafts, conv)) outbox.add({ ...item(body), files, state: "rejected", reason });
      const kept = await refuseItems(outbox, conv, reason);
      if (kept.length) conversations.put(summary);
      else conversations.delete(conv);
      return kept;
    });
  }

  removeConversation(id) {
    return write(this.handle, ["conversations"], ({ conversations }) => conversations.delete(id));
  }

  async conversations() {
    const summaries = await result(this.#read("conversations").getAll());
    return Promise.all(summaries.map(async (summary) => ({ ...summary, last: await this.latest(summary.id, summary.last) })));
  }

  positions() {
    return result(this.#read("positions").getAll());
  }

  // Entries, ascending, and what of the range is known not to be there.
  async range(conv, from, to) {
    const transaction = this.handle.transaction(["messages", "absent"]);
    const entries = result(transaction.objectStore("messages").getAll(span(conv, from, to)));
    const absent = await result(transaction.objectStore("absent").getAll(span(conv, from, Infinity)));
    return { entries: (await entries).map(bare), absent: absent.filter((range) => range.from <= to).map(bare) };
  }

  // What has become of the newest entry since it was noted; of one that is not to be shown, the one before it.
  async latest(conv, last) {
    if (!last) return null;
    const transaction = this.handle.transaction(["messages", "changes"]);
    const [entry, change] = await Promise.all(["messages", "changes"].map((name) => result(transaction.objectStore(name).get([conv, last.seq]))));
    if (change?.type === "hide" || entry?.resent_as !== undefined) return this.newest(conv, last.seq);
    return entry && revision(entry) > revision(last) ? bare(entry) : last;
  }

  // The newest entry below `seq` that there is for people to see.
  async newest(conv, seq) {
    const request = this.#read("messages").openCursor(span(conv, 0, seq - 1), "prev");
    return new Promise((resolve, reject) => {
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        if (request.result?.value.resent_as) request.result.continue();
        else resolve(request.result ? bare(request.result.value) : null);
      };
    });
  }

  epoch() {
    return result(this.#read("meta").get("epoch"));
  }

  // How far the server's clock is ahead of this computer's, in milliseconds.
  ahead() {
    return result(this.#read("meta").get("ahead"));
  }

  // When the server was last heard of, by its clock.
  heard() {
    return result(this.#read("meta").get("heard"));
  }

  async setHeard(at) {
    const transaction = this.handle.transaction("meta", "readwrite", { durability: "relaxed" });
    transaction.objectStore("meta").put(at, "heard");
    return done(transaction);
  }

  setAhead(ahead) {
    return write(this.handle, ["meta"], ({ meta }) => meta.put(ahead, "ahead"));
  }

  // Another epoch: the log may have lost its tail, so nothing stored can be relied on. Client ids go on. Once only:
  // what another tab has stored in this epoch already is true.
  beginEpoch(epoch) {
    return write(this.handle, [...LOG, "conversations", "meta"], async ({ meta, ...stores }) => {
      if ((await result(meta.get("epoch"))) === epoch) return;
      for (const store of Object.values(stores)) store.clear();
      meta.put(epoch, "epoch");
    });
  }

  // COUNTERS numbers that are this tab's alone, for ever.
  reserveCounters() {
    return write(this.handle, ["meta"], async ({ meta }) => {
      const first = (await result(meta.get("counter"))) ?? 1;
      meta.put(first + COUNTERS, "counter");
      return { next: first, end: first + COUNTERS };
    });
  }

  // Whose it is: a later device of theirs inherits what was not sent (databases.js).
  belongTo(user) {
    return write(this.handle, ["meta"], async ({ meta }) => {
      if ((await result(meta.get("user"))) !== user) meta.put(user, "user");
    });
  }
}
