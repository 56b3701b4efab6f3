// What can be done with a message of the open chat.

import { copy } from "./views/copy.js";
import { byId } from "./views/dom.js";
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

  async #remove(entry, whom) {
    this.app.notice.refuse("delete", await this.app.sync.remove(this.#chat, entry.seq, whom));
  }

  #itemsOf(entry) {
    const { app } = this;
    const isOwn = entry.sender === app.chats.me;
    return [
      !entry.deleted && [gettext("Reply"), () => this.reply(entry)],
      !entry.deleted && [gettext("Copy text"), () => this.copy(entry)],
      isOwn && !entry.deleted && [gettext("Edit"), () => app.composer.edit(entry)],
      isOwn && !entry.deleted && [gettext("Message info"), () => app.info.open(this.#chat.id, entry)],
      [gettext("Delete for me"), () => this.#remove(entry, "me"), true],
      isOwn && !entry.deleted && [gettext("Delete for everyone"), () => this.#remove(entry, "all"), true],
    ].filter(Boolean);
  }
}
