// What can be done with a message of the open chat.

import { FILES } from "./parts.js";
import { byId } from "./views/dom.js";
import { gettext } from "./words.js";

export class MessageActs {
  // `lazy(files, make)`: a part that comes when it is asked for.
  constructor(app, lazy) {
    this.app = app;
    this.choices = lazy(FILES.messageChoices, ({ MessageChoices }) => new MessageChoices(this).menu);
    this.deleting = lazy(FILES.deleteDialog, ({ DeleteDialog }) => new DeleteDialog());
    this.info = lazy(FILES.infoDialog, ({ InfoDialog }) => new InfoDialog({ ask: (...page) => app.sync.askInfo(...page) }));
    this.safety = lazy(FILES.safety, ({ Safety }) => new Safety(app));
    this.copying = lazy(FILES.copy, ({ copy }) => copy);
    this.files = lazy(FILES.fileActs, ({ FileActs }) => new FileActs(app));
    byId("unblock").addEventListener("click", ({ currentTarget }) => this.safety.use((part) => part.unblock(this.chat), currentTarget));
    byId("thread").addEventListener("contextmenu", (event) => this.#pressed(event));
  }

  get chat() {
    return this.app.thread.chat;
  }

  // What shows files, once it is here (views/files.js).
  get views() {
    return this.app.sync.files.shown.part;
  }

  menu(entry, opener) {
    this.choices.use((menu) => menu.open(entry, opener), opener);
  }

  menuOf(row, opener) {
    this.choices.use((menu) => menu.openFor(row, opener), row);
  }

  // Where there is a mouse, the browser's own menu is worth more; after the menu key this one is there, or coming.
  #pressed(event) {
    const row = event.target.closest("[data-seq]");
    const isTouch = event.pointerType === "touch" && row;
    const isOpen = this.choices.isAwaited || this.choices.part?.isOpen;
    if (isOpen || isTouch) event.preventDefault();
    if (!isOpen && isTouch) this.menuOf(row, row.querySelector(".more"));
  }

  // Another chat is looked at.
  close() {
    for (const each of [this.choices, this.deleting, this.info, this.files, this.safety, this.app.groups]) {
      each.leave();
      each.part?.close?.();
    }
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

  // "view", "download" or "load", with a file of an entry.
  file(what, entry, file, opener) {
    this.files.use((acts) => acts[what](this.chat, entry, file), opener);
  }

  resend(entry) {
    this.app.sync.resend(this.chat, entry);
  }

  // True once it is done, or never will be.
  async edit(entry, body) {
    const refusal = await this.app.sync.edit(this.chat, entry.seq, body);
    this.app.notice.refuse("edit", refusal);
    return !refusal?.retryable;
  }

  copy(entry) {
    this.copying.use(async (copy) => this.app.notice.say(await copy(entry.body)));
  }
}
