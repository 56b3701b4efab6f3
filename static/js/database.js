// What this device has stored: messages, and how far without a gap. DELIVERED is said only after a transaction here
// has completed with strict durability, so that the tick is true even if the tab dies the next moment.

const VERSION = 1;
const COUNTERS = 100;

const done = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });

const result = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

function upgrade(database) {
  database.createObjectStore("conversations", { keyPath: "id" });
  database.createObjectStore("messages", { keyPath: ["conv", "seq"] });
  database.createObjectStore("positions", { keyPath: "conv" });
  database.createObjectStore("meta");
}

export async function openDatabase(device) {
  const request = indexedDB.open(`messenger-${device}`, VERSION);
  request.onupgradeneeded = () => upgrade(request.result);
  return new Database(await result(request));
}

export class Database {
  constructor(handle) {
    this.handle = handle;
    // Another tab wipes or upgrades: let it.
    handle.onversionchange = () => handle.close();
  }

  #write(stores) {
    return this.handle.transaction(stores, "readwrite", { durability: "strict" });
  }

  #read(store) {
    return this.handle.transaction(store).objectStore(store);
  }

  // Entries and the position they bring the device to: both or neither.
  async store(conv, entries, position) {
    const transaction = this.#write(["messages", "positions"]);
    for (const entry of entries) transaction.objectStore("messages").put({ ...entry, conv });
    if (position) transaction.objectStore("positions").put(position);
    await done(transaction);
  }

  async setPosition(position) {
    const transaction = this.#write(["positions"]);
    transaction.objectStore("positions").put(position);
    await done(transaction);
  }

  async storeConversations(items) {
    const transaction = this.handle.transaction("conversations", "readwrite");
    for (const item of items) transaction.objectStore("conversations").put(item);
    await done(transaction);
  }

  conversations() {
    return result(this.#read("conversations").getAll());
  }

  positions() {
    return result(this.#read("positions").getAll());
  }

  entries(conv, from, to) {
    return result(this.#read("messages").getAll(IDBKeyRange.bound([conv, from], [conv, to])));
  }

  epoch() {
    return result(this.#read("meta").get("epoch"));
  }

  // Another epoch: the log may have lost its tail, so nothing stored can be relied on.
  async beginEpoch(epoch) {
    const stores = ["conversations", "messages", "positions", "meta"];
    const transaction = this.#write(stores);
    for (const store of stores.slice(0, 3)) transaction.objectStore(store).clear();
    transaction.objectStore("meta").put(epoch, "epoch");
    await done(transaction);
  }

  // The first of COUNTERS numbers that are this tab's alone, for ever.
  async reserveCounters() {
    const transaction = this.#write(["meta"]);
    const store = transaction.objectStore("meta");
    const first = (await result(store.get("counter"))) ?? 1;
    store.put(first + COUNTERS, "counter");
    await done(transaction);
    return { next: first, end: first + COUNTERS };
  }

  async wipe() {
    const name = this.handle.name;
    this.handle.close();
    await result(indexedDB.deleteDatabase(name));
  }
}
