// Makes room on a full disk: the oldest history goes.

import * as idb from "./idb.js";

// Of each conversation so many entries stay, whatever happens.
const LEAST = 50;

// Of each conversation the older half goes. Whether anything did.
export async function prune(handle) {
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
