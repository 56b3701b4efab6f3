// What is done with a file of a message by who presses it.

import { picturesOf } from "./attachment.js";
import { h } from "./views/dom.js";
import { Lightbox } from "./views/lightbox.js";

export class FileActs {
  constructor(app) {
    this.app = app;
  }

  // As large as the window; from this picture on all that are drawn of the chat.
  async view(chat, entry, { id }) {
    const media = await this.#media();
    if (!media) return;
    this.lightbox ??= new Lightbox({ media, onDownload: (file) => this.download(null, null, file) });
    this.lightbox.open(picturesOf(chat.log.shown), id);
  }

  async download(chat, entry, { id, name }) {
    const { url } = await this.#infoOf(id);
    if (url) h("a", { href: url, download: name }).click();
  }

  // What was only named so far.
  async load(chat, entry, { id }) {
    const { url: _, thumbnail_url: __, expires_at: ___, problem, ...attachment } = await this.#infoOf(id);
    if (!problem) await this.app.sync.unveil(chat, entry, attachment);
  }

  async #media() {
    const shown = await this.app.sync.files.shown.get();
    if (!shown) this.app.notice.refuse("file", { code: "UNKNOWN" });
    return shown?.media;
  }

  // {problem}: it is not to be had, which is said.
  async #infoOf(id) {
    const found = (await (await this.#media())?.info(id)) ?? { problem: null };
    if (found.problem) this.app.notice.refuse("file", found.problem);
    return found;
  }
}
