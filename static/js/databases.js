// The databases of this browser: one of each device it has been (database.js).

import { PREFIX } from "./database.js";
import { done, OWN, result, storesOf, write } from "./idb.js";

const COUNT_TIMEOUT_MS = 1000;

// `device`: where a browser does not tell which there are, there is its own at least.
async function names(device) {
  const found = (await indexedDB.databases?.()) ?? [{ name: PREFIX + device }];
  return found.map(({ name }) => name).filter((name) => name.startsWith(PREFIX));
}

// It is gone once every tab has closed it, which each does when told (openDatabase).
function remove(name) {
  const request = indexedDB.deleteDatabase(name);
  return Promise.race([result(request), new Promise((resolve) => (request.onblocked = resolve))]);
}

// Of whatever version it is. Null: nothing of ours. Gives way to who deletes it meanwhile.
async function look(name, read) {
  const handle = await result(indexedDB.open(name));
  handle.onversionchange = () => handle.close();
  try {
    const own = OWN.filter((store) => handle.objectStoreNames.contains(store));
    return own.includes("outbox") ? await read(storesOf(handle.transaction(own), own)) : null;
  } finally {
    handle.close();
  }
}

export async function wipeAll(device) {
  await Promise.allSettled((await names(device)).map(remove));
}

// Messages on their way out, of whichever device. What cannot be read is not counted.
export async function countUnsent(device) {
  const count = async (name) => (await look(name, ({ outbox }) => result(outbox.count()))) ?? 0;
  const counts = Promise.allSettled((await names(device)).map(count));
  const late = new Promise((resolve) => setTimeout(resolve, COUNT_TIMEOUT_MS, []));
  return (await Promise.race([counts, late])).reduce((sum, { value = 0 }) => sum + value, 0);
}

// What a device has left that is none any more. Of the same person, who was signed out elsewhere and is here again, what
// was written comes along, under the same ids: {items, drafts}. Of anybody else nothing stays.
export async function inherit(database, device, user) {
  const inherited = { items: [], drafts: [] };
  for (const name of await names(device)) {
    if (name === database.handle.name) continue;
    const left = await look(name, leavings);
    if (left?.user === user) {
      const { items, drafts } = await take(database, left);
      inherited.items.push(...items);
      inherited.drafts.push(...drafts);
    }
    remove(name).catch(() => {});
  }
  return inherited;
}

// Its key; undefined: there is one like it already.
function addNew(store, value) {
  const request = store.add(value);
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = (event) => {
      if (request.error.name !== "ConstraintError") return reject(request.error);
      event.preventDefault();
      event.stopPropagation();
      return resolve(undefined);
    };
  });
}

// What another device of this person has left, at the end of the line: {items, drafts}, as far as it was not here yet.
function take(database, { items, drafts, blobs }) {
  return write(database.handle, OWN, async (stores) => {
    for (const blob of blobs) stores.blobs.put(blob);
    const kept = await Promise.all(items.map(async ({ n: _, ...item }) => ({ ...item, n: await addNew(stores.outbox, item) })));
    const written = await Promise.all(drafts.map(async (draft) => (await addNew(stores.drafts, draft)) && draft));
    return { items: kept.filter(({ n }) => n), drafts: written.filter(Boolean) };
  });
}

async function leavings({ meta, outbox, drafts, blobs }) {
  const finished = done(meta.transaction);
  // Of an earlier version there are no files.
  const all = [outbox, drafts, blobs].map((store) => (store ? result(store.getAll()) : []));
  const [user, items, written, files] = await Promise.all([result(meta.get("user")), ...all]);
  await finished;
  return { user, items, drafts: written, blobs: files };
}
