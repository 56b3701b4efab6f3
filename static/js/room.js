// Room on the disk. Where it is full, the oldest history makes room, which the server gives again when someone scrolls
// there; never what only this device has, nor where it stands.

import * as idb from "./idb.js";
import { late } from "./late.js";

// As idb.js does it, with as much room as can be made.
export const write = (handle, names, work) => roomy(handle, () => idb.write(handle, names, work));

export async function roomy(handle, work) {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const prune = error.name === "QuotaExceededError" && (await late.pruning?.get());
      if (!(await (prune && prune(handle)))) throw error;
    }
  }
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
