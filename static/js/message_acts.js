// What can be done with a message of the open chat.

import { picturesOf } from "./attachment.js";
import { copy } from "./views/copy.js";
import { byId, h } from "./views/dom.js";
import { DeleteDialog } from "./views/dialogs.js";
import { MessageMenu } from "./views/menu.js";
import { gettext } from "./words.js";

export class MessageActs {
  constructor(app) {
    this.app = app;
    this.choices = new MessageMenu({
      element: byId("message-menu"),
      list: byId("thread"),
      itemsOf: (entry) => this.#itemsOf(entry),
      entryOf: (seq) => this.#chat.find(seq),
    });
    this.deleting = new DeleteDialog();
  }

  get #chat() {
    return this.app.thread.chat;
  }

  menu(entry, opener) {
    this.choices.open(entry, opener);
  }

  menuOf(row) {
    this.choices.openFor(row);
  }

  // Another chat is looked at.
  close() {
    this.choices.close();
    this.deleting.close();
  }

  leave() {
    this.app.composer.focus();
  }

  isUnfolded(clientId) {
    return this.app.thread.unfolded.has(clientId);
  }

  unfold(clientId, isOpen) {
    this.app.thread.unfold(clientId, isOpen);
  }

  reply(entry) {
    this.app.composer.reply(entry);
  }

  async jumpTo(seq) {
    if (!(await this.app.thread.show(seq))) this.app.notice.say(gettext("This message is not available here."));
  }

  retry(clientId) {
    this.app.sync.outbox.retryNow(clientId);
  }

  discard(clientId) {
    this.app.sync.outbox.discard(clientId);
  }

  // Its pictures, from this one on.
  async view(entry, id) {
    const { app } = this;
    const lightbox = await app.sync.files.loadLightbox((file) => this.download(file));
    lightbox.open(picturesOf(app.thread.chat.log.shown), id);
  }

  async download({ id, name }) {
    const { url } = await this.#infoOf(id);
    if (url) h("a", { href: url, download: name }).click();
  }

  // What was only named so far.
  async load(entry, id) {
    const chat = this.#chat;
    const { url: _, thumbnail_url: __, expires_at: ___, problem, ...attachment } = await this.#infoOf(id);
    if (!problem) await this.app.sync.unveil(chat, entry, attachment);
  }

  // {problem}: it is not to be had, which is said.
  async #infoOf(id) {
    const found = await (await this.app.sync.files.loadMedia()).info(id);
    if (found.problem) this.app.notice.refuse("file", found.problem);
    return found;
  }

  resend(entry) {
    this.app.sync.resend(this.#chat, entry);
  }

  // True once it is done, or never will be.
  async edit(entry, body) {
    const refusal = await this.app.sync.edit(this.#chat, entry.seq, body);
    this.app.notice.refuse("edit", refusal);
    return !refusal?.retryable;
  }

  async copy(entry) {
    this.app.notice.say((await copy(entry.body)) ? gettext("Copied.") : gettext("This browser does not let the text be copied."));
  }

  async #remove(chat, entry, whom) {
    this.app.notice.refuse("delete", await this.app.sync.remove(chat, entry.seq, whom));
  }

  // Of the chat as it is open now, whatever is open by the time one is chosen.
  #itemsOf(entry) {
    const { app } = this;
    const chat = this.#chat;
    const isOwn = entry.sender === chat.me && !entry.deleted;
    return [
      !entry.deleted && [gettext("Reply"), () => this.reply(entry)],
      !entry.deleted && entry.body && [gettext("Copy text"), () => this.copy(entry)],
      isOwn && [gettext("Edit"), () => app.composer.edit(entry)],
      isOwn && [gettext("Message info"), () => app.info.open(chat.id, entry)],
      [gettext("Delete…"), () => this.deleting.ask(entry, isOwn, (whom) => this.#remove(chat, entry, whom)), true],
    ].filter(Boolean);
  }
}
