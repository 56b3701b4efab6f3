// Each file is stored on this device before it counts as picked, or it is said why not.

import { NoRoom, Unreadable } from "./blobs.js";
import { size } from "./kinds.js";
import { gettext, interpolate, isolated, ngettext } from "./words.js";

// As long as no server has told others.
const LIMITS = { max_attachments: 10, max_attachment_bytes: 100_000_000 };

const NAME_CHARS = 255;

// Of `files` those that may come to the `count` there are; `large`: those beyond a file's size; `empty`: those with
// nothing in them; `isFull`: there were more.
export function admit(count, files, { max_attachments: most, max_attachment_bytes: bytes }) {
  const large = files.filter(({ size }) => size > bytes);
  const empty = files.filter(({ size }) => size === 0);
  const fit = files.filter(({ size }) => size > 0 && size <= bytes);
  const room = Math.max(0, most - count);
  return { taken: fit.slice(0, room), large, empty, isFull: fit.length > room };
}

// As long as a name may be, with its ending; in code points, as the server counts.
export function fitName(name) {
  const letters = [...(name.trim() || "file")];
  if (letters.length <= NAME_CHARS) return letters.join("");
  const dot = letters.lastIndexOf(".");
  const ending = dot > 0 && letters.length - dot <= 16 ? letters.slice(dot) : [];
  return [...letters.slice(0, NAME_CHARS - ending.length), ...ending].join("");
}

const UNREADABLE = gettext("%(name)s could not be read. Perhaps it was changed or removed, or is a folder.");
const EMPTY = gettext("%(name)s is empty.");
const NO_ROOM = gettext("There is not enough room on this device for %(name)s.");

// Pixels of what this browser can show as a picture.
async function measured(blob, type) {
  if (!/^image\/(?!svg)/u.test(type)) return {};
  const picture = new Image();
  picture.src = URL.createObjectURL(blob);
  try {
    await picture.decode();
    return { width: picture.naturalWidth, height: picture.naturalHeight, thumbnail: true };
  } catch {
    return {};
  } finally {
    URL.revokeObjectURL(picture.src);
  }
}

const named = (text, { name }) => interpolate(text, { name: isolated(name) });

function refusals({ large, empty, isFull }, limits) {
  const most = { count: limits.max_attachments };
  const full = isFull && interpolate(ngettext("At most %(count)s file goes with a message.", "At most %(count)s files go with a message.", most.count), most);
  const tooLarge = ({ name }) => interpolate(gettext("%(name)s is larger than %(most)s, the most a file may have."), { name: isolated(name), most: size(limits.max_attachment_bytes) });
  return [...large.map(tooLarge), ...empty.map((file) => named(EMPTY, file)), full].filter(Boolean);
}

export class Picks {
  // `sync`: sync.js, with its `limits`.
  constructor({ sync, blobs }) {
    Object.assign(this, { sync, blobs });
  }

  // Stores what may come to the `count` that a draft has. `onStored(file)`, one after the other, in their order;
  // undefined for one that could not be. `say(text)`: what was not taken, and why.
  async add(count, picked, { onTaken, onStored, say }) {
    const limits = { ...LIMITS, ...this.sync.limits };
    const found = admit(count, picked, limits);
    const said = refusals(found, limits);
    onTaken(found.taken);
    for (const file of found.taken) {
      const { stored, why } = await this.#store(file);
      if (why) said.push(why);
      onStored(stored);
    }
    if (said.length) say(said.join("\n"));
  }

  remove(id) {
    return this.sync.guard(() => this.blobs.remove([id]));
  }

  async #store(file) {
    const { sync } = this;
    const id = sync.nextId();
    try {
      const blob = await sync.guard(() => this.blobs.put(id, file));
      // The database is no more: that is said already.
      if (!blob) return {};
      const { type } = file;
      return { stored: { id, name: fitName(file.name), type, size: blob.size, ...(await measured(blob, type)) } };
    } catch (error) {
      if (error instanceof Unreadable) return { why: named(UNREADABLE, file) };
      if (error instanceof NoRoom) return { why: named(NO_ROOM, file) };
      throw error;
    }
  }
}
