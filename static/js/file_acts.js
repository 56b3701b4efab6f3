// What is done with a file of a message by who presses it.

import { picturesOf } from "./kinds.js";
import { h } from "./views/dom.js";
import { Lightbox } from "./views/lightbox.js";
import { gettext } from "./words.js";

const GONE = gettext("This file is not available any more.");
const OFFLINE = gettext("You are offline: this needs the connection.");

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
    if (!problem) await this.app.sync.guard(() => this.#unveil(chat, entry, attachment));
  }

  async #unveil(chat, entry, attachment) {
    const { seq } = entry;
    const attachments = entry.attachments.map((each) => (each.id === attachment.id ? attachment : each));
    const [kept] = await this.app.sync.database.store(chat.id, [{ ...entry, attachments }], null);
    if (!kept) return;
    chat.log.replace(seq, kept);
    if (chat.quotes.has(seq)) chat.quotes.set(seq, kept);
    if (chat.last?.seq === seq) chat.last = kept;
    this.app.chats.changed(chat.id);
  }

  async #media() {
    const shown = await this.app.sync.files.shown.get();
    if (!shown) this.app.notice.say(OFFLINE);
    return shown?.media;
  }

  // {problem}: it is not to be had, which is said.
  async #infoOf(id) {
    const found = (await (await this.#media())?.info(id)) ?? { problem: null };
    if (found.problem) this.app.notice.say(found.problem.code === "NOT_FOUND" ? GONE : found.problem.title);
    return found;
  }
}
