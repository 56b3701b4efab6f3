// New chat, message info, and the questions before something is lost. Focus goes back where it was by itself.

import { wordsOf } from "../attachment.js";
import { gettext, interpolate, ngettext } from "../words.js";
import { avatar, byId, h } from "./dom.js";
import { exact, number } from "./format.js";
import { tickMark } from "./ticks.js";

const PAUSE_MS = 500;

export class NewChatDialog {
  constructor({ onOpen }) {
    this.dialog = byId("new-chat-dialog");
    this.error = byId("new-chat-error");
    this.field = byId("username");
    this.onOpen = onOpen;
    this.field.addEventListener("input", () => (this.error.hidden = true));
    byId("new-chat-form").addEventListener("submit", (event) => this.#submit(event));
  }

  open() {
    this.field.value = "";
    this.error.hidden = true;
    this.dialog.showModal();
  }

  // With someone who is named already.
  start(username) {
    this.open();
    this.field.value = username;
    byId("new-chat-form").requestSubmit();
  }

  close() {
    this.dialog.close();
  }

  refuse(text) {
    this.error.textContent = text;
    this.error.hidden = false;
    this.field.focus();
  }

  #submit(event) {
    event.preventDefault();
    const username = this.field.value.trim().replace(/^@/u, "").toLowerCase();
    if (!username) this.refuse(gettext("Whom do you want to write to?"));
    else if (!this.onOpen(username)) this.refuse(gettext("You are offline: a new chat needs the connection."));
  }
}

const moment = (mark, label, at) => [h("dt", {}, tickMark(mark), label), h("dd", {}, at ? exact(at) : gettext("Not yet"))];

// What expired for someone they have not taken, whatever they took later.
const moments = ({ expired_at, delivered_at, seen_at }) =>
  expired_at ? moment("failed", gettext("Expired"), expired_at) : [...moment("delivered", gettext("Delivered"), delivered_at), ...moment("seen", gettext("Read"), seen_at)];

const person = ({ id, name, ...times }) => h("li", {}, avatar(name, id), h("strong", { dir: "auto" }, name), h("dl", {}, ...moments(times)));

export class InfoDialog {
  constructor({ ask }) {
    this.ask = ask;
    this.dialog = byId("info-dialog");
    this.people = byId("info-people");
  }

  open(conv, entry) {
    Object.assign(this, { conv, seq: entry.seq });
    byId("info-body").textContent = wordsOf(entry);
    byId("info-sent").textContent = interpolate(gettext("Sent %(time)s"), { time: exact(entry.at) });
    this.people.replaceChildren();
    this.look = undefined;
    this.dialog.showModal();
    this.#ask();
  }

  // Something has come to pass in `conv` (null: perhaps): somebody may read the message just now. Many changes, one
  // question.
  refresh(conv = null) {
    if (conv && conv !== this.conv) return;
    this.later ??= setTimeout(() => {
      this.later = undefined;
      this.#ask();
    }, PAUSE_MS);
  }

  #ask() {
    if (!this.dialog.open || this.ask(this.conv, this.seq)) return;
    if (!this.people.children.length) this.people.replaceChildren(h("li", {}, gettext("You are offline: who has it is known when the connection is back.")));
  }

  show({ conv, seq, people }) {
    const look = JSON.stringify(people);
    if (conv !== this.conv || seq !== this.seq || look === this.look) return;
    this.look = look;
    this.people.replaceChildren(...people.map(person));
  }
}

// For oneself, or one's own for everyone.
export class DeleteDialog {
  constructor() {
    this.dialog = byId("delete-dialog");
    this.buttons = { me: byId("delete-for-me"), all: byId("delete-for-all") };
    for (const [whom, button] of Object.entries(this.buttons)) button.addEventListener("click", () => this.#choose(whom));
  }

  // `onDelete(whom)`: for "me" or for "all".
  ask(entry, isOwn, onDelete) {
    this.onDelete = onDelete;
    byId("delete-body").textContent = entry.deleted ? "" : wordsOf(entry);
    this.buttons.all.hidden = !isOwn;
    this.dialog.showModal();
  }

  close() {
    this.dialog.close();
  }

  #choose(whom) {
    this.close();
    this.onDelete(whom);
  }
}

export class LeaveDialog {
  constructor({ onLeave }) {
    this.dialog = byId("leave-dialog");
    byId("leave").addEventListener("click", onLeave);
  }

  ask(count) {
    const text = ngettext("One message has not been sent yet.", "%(count)s messages have not been sent yet.", count);
    this.#show(gettext("Sign out and lose them?"), interpolate(text, { count: number.format(count) }));
  }

  // Why the server was not told: nothing has changed.
  refuse(text) {
    this.#show(gettext("You are still signed in"), `${text} ${gettext("Nothing was removed here.")}`);
  }

  #show(title, text) {
    byId("leave-title").textContent = title;
    byId("leave-text").textContent = text;
    if (!this.dialog.open) this.dialog.showModal();
  }
}

export function wireCloseButtons() {
  for (const button of document.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
}
