// Room on the disk. Where it is full, the oldest history makes room, which the server gives again when someone scrolls
// there; never what only this device has, nor where it stands.

import * as idb from "./idb.js";

// Of each conversation so many entries stay, whatever happens.
const LEAST = 50;

// As idb.js does it, with as much room as can be made.
export const write = (handle, names, work) => roomy(handle, () => idb.write(handle, names, work));

export async function roomy(handle, work) {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error.name !== "QuotaExceededError" || !(await prune(handle))) throw error;
    }
  }
}

// Of each conversation the older half goes. Whether anything did.
async function prune(handle) {
  const passed = await idb.write(handle, ["messages", "positions"], async ({ messages, positions }) =>
    Promise.all((await idb.result(positions.getAll())).map((position) => halve(messages, position))),
  );
  return passed.some(Boolean);
}

// What waits above a hole stays.
async function halve(messages, { conv, received }) {
  const count = await idb.result(messages.count(idb.span(conv, 0, received)));
  const gone = Math.min(Math.ceil(count / 2), count - LEAST);
  if (gone <= 0) return false;
  messages.delete(idb.span(conv, 0, await seqAt(messages, idb.span(conv, 0, received), gone - 1)));
  return true;
}

function seqAt(messages, range, index) {
  const request = messages.openKeyCursor(range);
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(request.error);
    request.onsuccess = ({ target: { result } }) => {
      const [, seq] = result.key;
      if (!index) resolve(seq);
      else result.advance(index);
      index = 0;
    };
  });
}

// That the browser keeps what is here when room gets short. Asked once a visit, when someone has written: some browsers
// ask people in turn. Refused, all goes on.
let isAsked = false;

export async function persist() {
  const { storage } = navigator;
  if (isAsked || !storage?.persist) return;
  isAsked = true;
  if (!(await storage.persisted())) await storage.persist();
}
