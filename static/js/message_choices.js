// What can be chosen for a message of the open chat: its menu, and what the choices do that are seldom made.

import { byId } from "./views/dom.js";
import { MessageMenu } from "./views/menu.js";
import { gettext } from "./words.js";

export class MessageChoices {
  constructor(acts) {
    this.acts = acts;
    this.app = acts.app;
    this.menu = new MessageMenu({
      element: byId("message-menu"),
      list: byId("thread"),
      itemsOf: (entry) => this.#itemsOf(entry),
      entryOf: (seq) => acts.chat.find(seq),
    });
  }

  async #remove(chat, entry, whom) {
    this.app.notice.refuse("delete", await this.app.sync.remove(chat, entry.seq, whom));
  }

  // Of the chat as it is open now, whatever is open by the time one is chosen.
  #itemsOf(entry) {
    const { acts, app } = this;
    const { chat } = acts;
    const isOwn = entry.sender === chat.me && !entry.deleted;
    const isOthers = entry.sender !== chat.me && !entry.deleted;
    // Nothing is written there.
    const isOpen = !chat.blocked;
    const remove = (whom) => this.#remove(chat, entry, whom);
    return [
      isOpen && !entry.deleted && [gettext("Reply"), () => acts.reply(entry)],
      !entry.deleted && entry.body && [gettext("Copy text"), () => acts.copy(entry)],
      isOpen && isOwn && [gettext("Edit"), () => app.composer.edit(entry)],
      isOwn && [gettext("Message info"), (opener) => acts.info.use((dialog) => dialog.open(chat.id, entry), opener)],
      isOthers && [gettext("Report…"), (opener) => acts.safety.use((part) => part.report(chat, entry), opener)],
      [gettext("Delete…"), (opener) => acts.deleting.use((dialog) => dialog.ask(entry, isOwn, remove), opener), true],
    ].filter(Boolean);
  }
}
