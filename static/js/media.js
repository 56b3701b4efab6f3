// Where a server's files are to be had, and the pictures that stand for them. Addresses are asked for when they are
// needed, kept until they expire.

import { patience } from "./backoff.js";
import { describe, isPassing, thumbnail } from "./thumbs.js";

const SLACK_MS = 5000;
const MOST = 300;
const AHEAD = "400px 0px";

export class Media {
  constructor({ blobs, now }) {
    Object.assign(this, { blobs, now, infos: new Map(), asking: new Map(), urls: new Map(), waiting: new Map() });
    this.observer = new IntersectionObserver((seen) => seen.forEach((each) => this.#seen(each)), { rootMargin: AHEAD });
  }

  // {…attachment, url, thumbnail_url}, or {problem}.
  info(id) {
    const known = this.infos.get(id);
    if (known && known.expires_at - SLACK_MS > this.now()) return known;
    if (!this.asking.has(id)) this.asking.set(id, this.#askFor(id).finally(() => this.asking.delete(id)));
    return this.asking.get(id);
  }

  async #askFor(id) {
    const { value, problem } = await describe(id);
    if (!value) return { problem };
    this.infos.set(id, value);
    return value;
  }

  // The picture of a file that is not on the server yet stays its picture when it is.
  alias({ id }, attachment) {
    const url = this.urls.get(`local ${id}`);
    if (url) this.#keep(attachment.id, url);
  }

  // `boxes`: elements that name what they show, data-picture or data-local (a file of this device).
  watch(boxes) {
    for (const box of boxes) {
      box.dataset.watched = "";
      const url = this.urls.get(this.#nameOf(box));
      if (url) this.#show(box, url);
      else this.observer.observe(box);
    }
  }

  #nameOf({ dataset: { picture, local } }) {
    return picture ?? `local ${local}`;
  }

  #seen({ target, isIntersecting }) {
    if (isIntersecting) this.#load(target, 1);
    else this.#rest(target);
  }

  #rest(box) {
    clearTimeout(this.waiting.get(box));
    this.waiting.delete(box);
    if (!box.isConnected) this.observer.unobserve(box);
  }

  async #load(box, attempt) {
    this.#rest(box);
    const { url, problem } = await this.#picture(box);
    if (url) this.#done(box, url);
    else if (!isPassing(problem)) this.#done(box, null);
    // The wait is for as long as someone could see it.
    else if (box.isConnected) this.waiting.set(box, setTimeout(() => this.#load(box, attempt + 1), patience(attempt)));
  }

  #done(box, url) {
    this.observer.unobserve(box);
    if (url) this.#show(box, url);
    else box.dataset.gone = "";
  }

  #show(box, url) {
    const picture = box.querySelector("img");
    picture.src = url;
    picture.hidden = false;
  }

  // {url}, of what is in memory from then on, or {problem}.
  async #picture(box) {
    const name = this.#nameOf(box);
    const known = this.urls.get(name);
    if (known) return { url: known };
    const { value, problem } = box.dataset.picture ? await this.#thumbnail(box.dataset.picture) : await this.#local(box.dataset.local);
    if (!value) return { problem };
    return { url: this.#keep(name, this.urls.get(name) ?? URL.createObjectURL(value)) };
  }

  async #local(id) {
    const value = await this.blobs.get(id).catch(() => undefined);
    return value ? { value } : { problem: { code: "NOT_FOUND" } };
  }

  async #thumbnail(id) {
    const info = await this.info(id);
    if (info.problem) return info;
    const found = await thumbnail(info);
    // Its address may have ended with the membership, or before its time: whoever asks again gets another, or none.
    if (found.problem && found.problem.code !== "NOT_READY") this.infos.delete(id);
    return found;
  }

  #keep(name, url) {
    this.urls.set(name, url);
    for (const [first, old] of this.urls) {
      if (this.urls.size <= MOST) break;
      this.urls.delete(first);
      if (![...this.urls.values()].includes(old)) URL.revokeObjectURL(old);
    }
    return url;
  }
}
