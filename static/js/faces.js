// The pictures of groups, on the circles that otherwise show letters: each is asked for once a visit, and there again
// at once wherever it is drawn.

import { patience } from "./backoff.js";
import { describe, isPassing, thumbnail } from "./thumbs.js";

async function found(picture) {
  const { value, problem } = await describe(picture);
  return value ? thumbnail(value) : { problem };
}

export class Faces {
  // `onCome()`: another one can be drawn.
  constructor(onCome) {
    Object.assign(this, { onCome, faces: new Map(), shown: new Map() });
  }

  // Undefined: there is none, or not yet.
  urlOf({ roster: { picture } }) {
    return this.faces.get(picture)?.url;
  }

  dress(avatar, chat) {
    const { picture } = chat.roster;
    const before = this.shown.get(chat.id);
    if (before !== picture) this.#drop(before);
    this.shown.set(chat.id, picture);
    // What was refused to one who had left may be theirs again: then it is another chat (chats.js).
    const known = this.faces.get(picture);
    if (picture && (!known || (known.isRefused && known.chat !== chat))) this.#load(picture, chat);
    const url = this.urlOf(chat);
    avatar.style.backgroundImage = url ? `url("${url}")` : "";
    avatar.classList.toggle("pictured", Boolean(url));
  }

  #drop(picture) {
    const url = this.faces.get(picture)?.url;
    if (url) URL.revokeObjectURL(url);
    this.faces.delete(picture);
  }

  // Once; one that is not to be had stays letters.
  async #load(picture, chat) {
    const face = { chat };
    this.faces.set(picture, face);
    for (let attempt = 1; this.faces.get(picture) === face; attempt += 1) {
      const { value, problem } = await found(picture);
      if (this.faces.get(picture) !== face) return;
      if (value) {
        face.url = URL.createObjectURL(value);
        this.onCome();
        return;
      }
      face.isRefused = !isPassing(problem);
      if (face.isRefused) return;
      await new Promise((resolve) => setTimeout(resolve, patience(attempt)));
    }
  }
}
