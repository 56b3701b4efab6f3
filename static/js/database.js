// What this device has stored: messages, and how far without a gap. DELIVERED is said only after a transaction here
// has completed with strict durability, so that the tick is true even if the tab dies the next moment. Several tabs
// may write: entries are the same whoever puts them, positions only rise.

const VERSION = 1;
const COUNTERS = 100;
const PREFIX = "messenger-";

const done = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"));
  });

const result = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

function upgrade(database) {
  database.createObjectStore("conversations", { keyPath: "id" });
  const messages = database.createObjectStore("messages", { keyPath: ["conv", "seq"] });
  messages.createIndex("client_id", ["sender", "client_id"], { unique: true });
  database.createObjectStore("positions", { keyPath: "conv" });
  database.createObjectStore("meta");
}

// `onTaken`: another tab deletes or upgrades the database; this one is of no use any more. Rejects where a browser
// lets nothing be stored.
export async function openDatabase(device, onTaken) {
  const request = indexedDB.open(PREFIX + device, VERSION);
  request.onupgradeneeded = () => upgrade(request.result);
  const handle = await result(request);
  handle.onversionchange = () => {
    handle.close();
    onTaken();
  };
  return new Database(handle);
}

// A device that was here before and is none any more has left its messages: they go.
export async function forgetOthers(device) {
  for (const { name } of (await indexedDB.databases?.()) ?? []) {
    if (name.startsWith(PREFIX) && name !== PREFIX + device) indexedDB.deleteDatabase(name);
  }
}

// The same message under another seq than before: the log was restored, the newer word holds.
function put(store, entry) {
  store.put(entry).onerror = (event) => {
    if (event.target.error.name !== "ConstraintError") return;
    event.preventDefault();
    event.stopPropagation();
    store.index("client_id").getKey([entry.sender, entry.client_id]).onsuccess = ({ target }) => {
      store.delete(target.result);
      store.put(entry);
    };
  };
}

function raise(store, { conv, received, seen }) {
  store.get(conv).onsuccess = ({ target }) => {
    const before = target.result ?? { received: 0, seen: 0 };
    store.put({ conv, received: Math.max(before.received, received), seen: Math.max(before.seen, seen) });
  };
}

export class Database {
  constructor(handle) {
    this.handle = handle;
  }

  #write(...stores) {
    return this.handle.transaction(stores, "readwrite", { durability: "strict" });
  }

  #read(store) {
    return this.handle.transaction(store).objectStore(store);
  }

  // Entries and, unless null, the position they bring the device to: both or neither.
  async store(conv, entries, position) {
    const transaction = this.#write("messages", "positions");
    const finished = done(transaction);
    try {
      for (const entry of entries) put(transaction.objectStore("messages"), { ...entry, conv });
      if (position) raise(transaction.objectStore("positions"), position);
    } catch (error) {
      // Refused at once: without this the transaction would keep what came before.
      transaction.abort();
      await finished.catch(() => {});
      throw error;
    }
    await finished;
  }

  async setPositions(positions) {
    const transaction = this.#write("positions");
    for (const position of positions) raise(transaction.objectStore("positions"), position);
    await done(transaction);
  }

  // Only what the next visit shows first; the server tells it again.
  async storeConversations(items) {
    const transaction = this.handle.transaction("conversations", "readwrite");
    for (const item of items) transaction.objectStore("conversations").put(item);
    await done(transaction);
  }

  async removeConversations(ids) {
    const transaction = this.handle.transaction("conversations", "readwrite");
    for (const id of ids) transaction.objectStore("conversations").delete(id);
    await done(transaction);
  }

  conversations() {
    return result(this.#read("conversations").getAll());
  }

  positions() {
    return result(this.#read("positions").getAll());
  }

  // Ascending.
  entries(conv, from, to) {
    return result(this.#read("messages").getAll(IDBKeyRange.bound([conv, from], [conv, to])));
  }

  epoch() {
    return result(this.#read("meta").get("epoch"));
  }

  // Another epoch: the log may have lost its tail, so nothing stored can be relied on. Client ids go on. Once only:
  // what another tab has stored in this epoch already is true.
  async beginEpoch(epoch) {
    const transaction = this.#write("conversations", "messages", "positions", "meta");
    const meta = transaction.objectStore("meta");
    meta.get("epoch").onsuccess = ({ target }) => {
      if (target.result === epoch) return;
      for (const store of ["conversations", "messages", "positions"]) transaction.objectStore(store).clear();
      meta.put(epoch, "epoch");
    };
    await done(transaction);
  }

  // COUNTERS numbers that are this tab's alone, for ever.
  async reserveCounters() {
    const transaction = this.#write("meta");
    const store = transaction.objectStore("meta");
    const first = (await result(store.get("counter"))) ?? 1;
    store.put(first + COUNTERS, "counter");
    await done(transaction);
    return { next: first, end: first + COUNTERS };
  }

  // Goes once every tab has closed it, which each does when told (onTaken).
  async wipe() {
    this.handle.close();
    const request = indexedDB.deleteDatabase(this.handle.name);
    await Promise.race([result(request), new Promise((resolve) => (request.onblocked = resolve))]);
  }
}
