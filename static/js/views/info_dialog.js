// Who has a message, and since when: of a large group page by page, as far as somebody has asked.

import { wordsOf } from "../attachment.js";
import { gettext, interpolate } from "../words.js";
import { dialog } from "./dialog.js";
import { avatar, byId, h } from "./dom.js";
import { exact } from "./format.js";
import { tickMark } from "./ticks.js";

const PAUSE_MS = 500;

const moment = (mark, label, at) => [h("dt", {}, tickMark(mark), label), h("dd", {}, at ? exact(at) : gettext("Not yet"))];

// What expired for someone they have not taken, whatever they took later.
const moments = ({ expired_at, delivered_at, seen_at }) =>
  expired_at ? moment("failed", gettext("Expired"), expired_at) : [...moment("delivered", gettext("Delivered"), delivered_at), ...moment("seen", gettext("Read"), seen_at)];

const person = ({ id, name, ...times }) => h("li", {}, avatar(name, id), h("strong", { dir: "auto" }, name), h("dl", {}, ...moments(times)));

export class InfoDialog {
  constructor({ ask }) {
    this.ask = ask;
    this.dialog = dialog("info-dialog");
    this.people = byId("info-people");
    this.more = byId("info-more");
    this.more.addEventListener("click", () => this.#further());
  }

  open(conv, entry) {
    Object.assign(this, { conv, seq: entry.seq });
    byId("info-body").textContent = wordsOf(entry);
    byId("info-sent").textContent = interpolate(gettext("Sent %(time)s"), { time: exact(entry.at) });
    this.people.replaceChildren();
    this.more.hidden = true;
    this.look = undefined;
    // Of each page what it was asked for with; and who was told, in their order.
    this.pages = [undefined];
    this.told = new Map();
    this.next = null;
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
    if (!this.dialog.open || this.pages.every((after) => this.ask(this.conv, this.seq, after))) return;
    if (!this.people.children.length) this.people.replaceChildren(h("li", {}, gettext("You are offline: who has it is known when the connection is back.")));
  }

  #further() {
    this.pages.push(this.next);
    this.ask(this.conv, this.seq, this.next);
  }

  // `next`: what the page after this one is asked for with.
  show({ conv, seq, people, next }) {
    if (conv !== this.conv || seq !== this.seq) return;
    for (const each of people) this.told.set(each.id, each);
    // A page further up was asked for once more, or this is the last that was asked for.
    if (!this.pages.includes(next ?? "")) this.next = next ?? null;
    this.more.hidden = !this.next;
    const all = [...this.told.values()];
    const look = JSON.stringify(all);
    if (look === this.look) return;
    this.look = look;
    this.people.replaceChildren(...all.map(person));
  }
}
