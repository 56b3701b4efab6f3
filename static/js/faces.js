// The pictures of groups, on the circles that otherwise show letters: each is asked for once a visit, and there again
// at once wherever it is drawn.

import { patience } from "./backoff.js";
import { api } from "./group_api.js";

const TIMEOUT_MS = 30000;
// Of a picture that is new the small one is made a moment later.
const RETRYABLE = new Set(["NOT_READY", "OFFLINE", "INTERNAL", "RATE_LIMITED", "UNAVAILABLE"]);

async function read(url) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: "error" });
    return response.ok ? { value: await response.blob() } : { problem: await response.json() };
  } catch {
    return { problem: { code: "OFFLINE" } };
  }
}

export class Faces {
  // `onCome()`: another one can be drawn.
  constructor(onCome) {
    Object.assign(this, { onCome, urls: new Map() });
  }

  // Undefined: there is none, or not yet.
  urlOf({ roster: { picture } }) {
    return this.urls.get(picture)?.url;
  }

  dress(avatar, chat) {
    const { picture } = chat.roster;
    if (picture && !this.urls.has(picture)) this.#load(picture);
    const url = this.urlOf(chat);
    avatar.style.backgroundImage = url ? `url("${url}")` : "";
    avatar.classList.toggle("pictured", Boolean(url));
  }

  // Once; one that is not to be had stays letters.
  async #load(picture) {
    const face = {};
    this.urls.set(picture, face);
    for (let attempt = 1; !face.url; attempt += 1) {
      const { value, problem } = await this.#thumbnail(picture);
      if (value) face.url = URL.createObjectURL(value);
      else if (!RETRYABLE.has(problem.code)) return;
      else await new Promise((resolve) => setTimeout(resolve, patience(attempt)));
    }
    this.onCome();
  }

  async #thumbnail(picture) {
    const { value, problem } = await api("GET", `/attachments/${picture}`);
    return value?.thumbnail_url ? read(value.thumbnail_url) : { problem: problem ?? { code: "NOT_FOUND" } };
  }
}
