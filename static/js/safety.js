// Blocking and reporting, when somebody asks for it.

import { byId } from "./views/dom.js";
import { BlockDialog, PersonDialog, ReportDialog } from "./views/safety_dialogs.js";
import { gettext } from "./words.js";

export class Safety {
  constructor(app) {
    const { sync, notice } = app;
    Object.assign(this, { app, sync, notice });
    this.blocking = new BlockDialog();
    this.reporting = new ReportDialog({ onReport: (frame, alsoBlock) => this.#report(frame, alsoBlock) });
    this.person = new PersonDialog();
  }

  // Of a 1:1 chat: who the other one is, and what can be done about them.
  about(chat) {
    const { blocked: isBlocked } = chat;
    const [{ id, username }] = chat.roster.others;
    const { name } = chat;
    const block = () => (isBlocked ? this.unblock(chat) : this.blocking.ask(name, () => this.#block(id)));
    const report = () => this.#ask({ conv: chat.id, user: id, name, isBlocked });
    this.person.show({ id, name, username, isBlocked, block, report });
  }

  // A message of another.
  report(chat, entry) {
    const [name, isBlocked] = [chat.roster.nameOf(entry.sender), chat.blocked];
    this.#ask({ conv: chat.id, user: entry.sender, name, isBlocked, entry });
  }

  async unblock(chat) {
    const user = chat.roster.others[0].id;
    const refusal = await this.sync.requests.ask({ t: "unblock", user });
    if (refusal) this.notice.refuse("block", refusal);
    else this.#giveFocus(chat);
  }

  // The button that was pressed goes as soon as the chat is told of it, and the composer is there again.
  #giveFocus(chat) {
    const { chats, thread, composer } = this.app;
    const look = () => {
      if (chat.blocked) return;
      chats.removeEventListener("change", look);
      const { activeElement, body } = document;
      if (thread.chat === chat && [body, byId("unblock")].includes(activeElement)) {
        thread.draw();
        composer.focus();
      }
    };
    chats.addEventListener("change", look);
    look();
  }

  close() {
    for (const each of [this.blocking, this.reporting, this.person]) each.close();
  }

  async #block(user) {
    this.notice.refuse("block", await this.sync.requests.ask({ t: "block", user }));
  }

  // Under one id until there is an answer: pressing again reports once.
  #ask(about) {
    this.reporting.ask({ client_id: this.sync.nextId(), ...about });
  }

  // Why it was refused; null: it was not. An answer that was lost and another reason since: it was reported.
  async #report(frame, alsoBlock) {
    const refusal = await this.sync.requests.ask({ t: "report", ...frame });
    if (refusal && refusal.code !== "IDEMPOTENCY_CONFLICT") return refusal;
    this.notice.say(gettext("Reported. A moderator will look at it."));
    if (alsoBlock) await this.#block(alsoBlock);
    return null;
  }
}
