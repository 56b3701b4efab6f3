// Typing @ in a group offers its members: arrow keys choose, Enter or Tab takes, Escape closes.

import { finds } from "../fold.js";
import { interpolate, ngettext } from "../words.js";
import { avatar, byId, h } from "./dom.js";

const MOST = 6;
const OPEN = /(?:^|[\s(])@([\p{L}\p{N}_.-]*)$/u;
const STEPS = { ArrowDown: 1, ArrowUp: -1 };
const MOVES = new Set(["ArrowLeft", "ArrowRight", "Home", "End"]);
const idOf = (at) => `mention-${at}`;

export class MentionList {
  constructor() {
    Object.assign(this, { field: byId("body"), list: byId("mentions"), said: byId("mentions-said"), found: [], at: 0 });
    // Before the composer takes Enter and Escape for itself.
    byId("composer").addEventListener("keydown", (event) => event.target === this.field && this.#key(event), true);
    this.field.addEventListener("blur", () => this.close());
    this.field.addEventListener("click", () => this.close());
  }

  // What is written in `chat` has changed.
  look({ roster }) {
    const query = this.#typed;
    if (query === undefined) return this.close();
    const starts = ({ username }) => Number(!username.startsWith(query.toLowerCase()));
    const people = roster.others.filter(({ name, username }) => !query || finds(query, [name, username]));
    this.found = people.sort((one, other) => starts(one) - starts(other) || one.name.localeCompare(other.name)).slice(0, MOST);
    this.query = query;
    this.at = 0;
    return this.found.length ? this.#draw() : this.close();
  }

  // Between an @ and the caret.
  get #typed() {
    const { value, selectionStart, selectionEnd } = this.field;
    return ((selectionStart === selectionEnd && OPEN.exec(value.slice(0, selectionStart))) || [])[1];
  }

  #draw() {
    this.list.replaceChildren(...this.found.map((person, at) => this.#row(person, at)));
    this.list.hidden = false;
    this.field.setAttribute("aria-controls", "mentions");
    this.field.setAttribute("aria-activedescendant", idOf(this.at));
    const count = this.found.length;
    this.said.textContent = interpolate(ngettext("%(count)s member to mention", "%(count)s members to mention", count), { count });
  }

  #row(person, at) {
    const attributes = { class: "mention-option", role: "option", id: idOf(at), "aria-selected": String(at === this.at), onpointerdown: (event) => this.#press(event, at) };
    return h("li", attributes, avatar(person.name, person.id), h("span", { class: "mention-name", dir: "auto" }, person.name), h("span", { class: "mention-username", dir: "ltr" }, `@${person.username}`));
  }

  // The field keeps the focus.
  #press(event, at) {
    event.preventDefault();
    this.at = at;
    this.#take();
  }

  #key(event) {
    if (this.list.hidden || event.isComposing) return;
    // The caret goes away, or stands elsewhere already: what is offered is for another place.
    if (MOVES.has(event.key) || this.#typed !== this.query) return this.close();
    const step = STEPS[event.key];
    if (step) {
      this.at = (this.at + step + this.found.length) % this.found.length;
      this.#draw();
    } else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") this.#take();
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #take() {
    const { username } = this.found[this.at];
    const end = this.field.selectionStart;
    this.field.setRangeText(`@${username} `, end - this.query.length - 1, end, "end");
    this.close();
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  close() {
    this.list.hidden = true;
    this.said.textContent = "";
    this.field.removeAttribute("aria-controls");
    this.field.removeAttribute("aria-activedescendant");
  }
}
