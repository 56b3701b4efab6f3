// Parts of the page that are rarely asked for, and come when they are: all files of one together, once.
//
// What cannot be loaded is said, and loaded at the next try. A browser may take a module that failed once as failed for as
// long as the page lives (whatwg/html, pull request 10327): so the files are fetched first, and imported from its cache.

import { h } from "./views/dom.js";
import { gettext, more } from "./words.js";

// A network that says nothing is given up, and asked anew at the next try.
const PATIENCE_MS = 15000;
const FAILED = gettext("This part of the page could not be loaded. Try again when the connection is back, or load the page anew.");
async function fetched(file) {
  const response = await fetch(file, { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (!response.ok) throw new Error(`${file}: ${response.status}`);
  await response.arrayBuffer();
}

let texts;

// Those of the parts, and of all that a server may refuse. Without them it is said in English.
export function allTexts() {
  texts ??= more ? fetched(more).then(() => import(more)) : Promise.resolve();
  texts.catch(() => (texts = undefined));
  return texts;
}

// Why a server has refused something.
export async function said(text) {
  await allTexts().catch(() => {});
  return gettext(text);
}

// By address: several parts may want the same one.
const worn = new Map();

function wear(href) {
  if (!worn.has(href)) {
    const loading = new Promise((resolve, reject) => document.head.append(h("link", { rel: "stylesheet", href, onload: resolve, onerror: reject })));
    worn.set(href, loading);
    loading.catch(() => worn.delete(href));
  }
  return worn.get(href);
}

export class Lazy {
  // `files`: all scripts and styles it has, each by its address, the script that exports it first.
  // `make(exports)`: the part. `say(text)`: why it does not come.
  constructor({ files, make, say }) {
    Object.assign(this, { files, make, say });
  }

  // `act(part)`: at once, if the part is there. Otherwise when it has come, unless it was asked for something else
  // meanwhile (pressing twice opens once), or nobody waits any more: the focus has gone elsewhere. `opener` is busy.
  async use(act, opener) {
    if (this.part) {
      act(this.part);
      return;
    }
    const turn = (this.turn = Symbol("turn"));
    const { activeElement: before, body } = document;
    opener?.setAttribute("aria-busy", "true");
    const part = await this.get();
    opener?.removeAttribute("aria-busy");
    if (turn !== this.turn) return;
    this.leave();
    if (!part) this.say(FAILED);
    else if ([before, body].includes(document.activeElement)) act(part);
  }

  // Undefined: it could not be loaded.
  async get() {
    return this.part ?? (await (this.coming ??= this.#come()));
  }

  get isAwaited() {
    return Boolean(this.turn);
  }

  // What was asked for is not wanted any more.
  leave() {
    this.turn = null;
  }

  async #come() {
    const exports = await this.#load();
    this.coming = undefined;
    if (exports) this.part = this.make(exports);
    return this.part;
  }

  async #load() {
    try {
      await Promise.all([allTexts(), ...this.files.map(fetched)]);
      await Promise.all(this.files.filter((file) => file.endsWith(".css")).map(wear));
      return await import(this.files[0]);
    } catch (error) {
      console.info("not loaded:", error);
      return null;
    }
  }
}
