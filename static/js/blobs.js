// The files of drafts and of messages on their way out, in this device's database. Each is read whole before it is
// stored: what has changed or gone since it was picked is found out then, and not when it is to go.

import { result, write } from "./idb.js";

// What nothing names for so long was left by a tab that died in between.
const LEFT_MS = 60 * 60 * 1000;

export class Unreadable extends Error {}
export class NoRoom extends Error {}

const read = (file) =>
  new Response(file.stream()).blob().catch(() => {
    throw new Unreadable(file.name);
  });

export class Blobs {
  constructor(handle) {
    this.handle = handle;
  }

  // A copy of `file`, under `id`. No history makes room for it. Rejects with Unreadable, or NoRoom.
  async put(id, file) {
    const blob = await read(file);
    try {
      await write(this.handle, ["blobs"], ({ blobs }) => blobs.put({ id, blob, at: Date.now() }));
    } catch (error) {
      throw error.name === "QuotaExceededError" ? new NoRoom(file.name) : error;
    }
    return blob;
  }

  // Undefined: it is not here.
  async get(id) {
    return (await result(this.handle.transaction("blobs").objectStore("blobs").get(id)))?.blob;
  }

  remove(ids) {
    return write(this.handle, ["blobs"], ({ blobs }) => ids.forEach((id) => blobs.delete(id)));
  }

  sweep(now = Date.now()) {
    return write(this.handle, ["blobs", "outbox", "drafts"], async ({ blobs, outbox, drafts }) => {
      const owners = (await Promise.all([outbox, drafts].map((store) => result(store.getAll())))).flat();
      const named = new Set(owners.flatMap(({ files = [] }) => files.map(({ id }) => id)));
      for (const { id, at } of await result(blobs.getAll())) if (!named.has(id) && now - at > LEFT_MS) blobs.delete(id);
    });
  }
}
