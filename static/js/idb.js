// IndexedDB with promises, and the shape of this device's database. Of a promise that a request has fulfilled the
// transaction is still open: what awaits it may ask on.

// What a page of before has stored of the server's goes with its version, and is told again. What only this device has
// stays: unsent messages, drafts, their files, the counter of client ids.
const VERSION = 4;
export const OWN = ["outbox", "drafts", "meta", "blobs"];

export const done = (transaction) =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new DOMException("aborted", "AbortError"));
  });

export const result = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

// Also of one that is over already.
export function abort(transaction) {
  try {
    transaction.abort();
  } catch (error) {
    if (error.name !== "InvalidStateError") throw error;
  }
}

// `changes`: those kept for entries that are not here, and what is deleted for this person. `absent`: ranges that are
// not there for them, by their end.
function upgrade({ result: database, transaction }) {
  for (const store of database.objectStoreNames) if (!OWN.includes(store)) database.deleteObjectStore(store);
  database.createObjectStore("conversations", { keyPath: "id" });
  const messages = database.createObjectStore("messages", { keyPath: ["conv", "seq"] });
  messages.createIndex("client_id", ["sender", "client_id"], { unique: true });
  database.createObjectStore("changes", { keyPath: ["conv", "seq"] });
  database.createObjectStore("absent", { keyPath: ["conv", "to"] });
  database.createObjectStore("positions", { keyPath: "conv" });
  if (database.objectStoreNames.contains("meta")) transaction.objectStore("meta").delete("epoch");
  else database.createObjectStore("meta");
  if (!database.objectStoreNames.contains("blobs")) database.createObjectStore("blobs", { keyPath: "id" });
  if (database.objectStoreNames.contains("outbox")) return;
  database.createObjectStore("outbox", { keyPath: "n", autoIncrement: true }).createIndex("client_id", "client_id", { unique: true });
  database.createObjectStore("drafts", { keyPath: "conv" });
}

export function open(name) {
  const request = indexedDB.open(name, VERSION);
  request.onupgradeneeded = () => upgrade(request);
  return result(request);
}

export const storesOf = (transaction, names) => Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)]));

// All of it or nothing, and on disk when it resolves. `work` gets the stores by name.
export async function write(handle, names, work) {
  const transaction = handle.transaction(names, "readwrite", { durability: "strict" });
  const finished = done(transaction);
  finished.catch(() => {});
  let value;
  try {
    value = await work(storesOf(transaction, names));
  } catch (error) {
    // Refused at once: without this the transaction would keep what came before.
    abort(transaction);
    await finished.catch(() => {});
    throw transaction.error ?? error;
  }
  await finished;
  return value;
}

export const span = (conv, from, to) => IDBKeyRange.bound([conv, from], [conv, to]);
export const allOf = (conv) => IDBKeyRange.bound([conv], [conv, []]);

// The same message under another seq than before: the log was restored, the newer word holds.
export function putEntry(store, entry) {
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

// Positions only rise, whoever writes them.
export function raisePosition(store, position) {
  store.get(position.conv).onsuccess = ({ target }) => {
    const raised = { ...position };
    for (const [name, value] of Object.entries(target.result ?? {})) {
      if (name !== "conv") raised[name] = Math.max(value, position[name] ?? 0);
    }
    store.put(raised);
  };
}

// A message that is in the log, or was given up, does not wait any more, nor do its files.
export function removeItem({ outbox, blobs }, clientId) {
  outbox.index("client_id").get(clientId).onsuccess = ({ target: { result: item } }) => {
    if (!item) return;
    outbox.delete(item.n);
    for (const { id } of item.files ?? []) blobs.delete(id);
  };
}
