// Choosing people: those of one's chats by a press, anybody by their username.

import { finds } from "../fold.js";
import { api } from "../group_api.js";
import { gettext, interpolate } from "../words.js";
import { avatar, byId, h, svg } from "./dom.js";
import { Rows } from "./rows.js";

const USERNAME = /^@?([a-z0-9][a-z0-9_.-]{2,29})$/iu;
const MOST_SHOWN = 100;
const CROSS = "M7 7l10 10M17 7L7 17";
const CHECK = "M5 12.5l4.5 4.5L19 7.5";

const byName = (one, other) => one.name.localeCompare(other.name);

export class Picker {
  // `onChange(count)`: so many are chosen.
  constructor({ onChange }) {
    this.onChange = onChange;
    this.field = byId("people-search");
    this.list = byId("people-list");
    this.rows = new Rows(this.list);
    this.chips = byId("people-chosen");
    this.said = byId("people-said");
    this.field.addEventListener("input", () => this.#draw());
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.list.addEventListener("keydown", (event) => this.#step(event));
  }

  // `known`: who can be chosen by a press; `absent`: ids of those who are not to be.
  open(known, absent, most) {
    Object.assign(this, { known: new Map(known.map((person) => [person.id, person])), absent, most, chosen: new Map() });
    this.field.value = "";
    this.say("");
    this.#changed();
  }

  get ids() {
    return [...this.chosen.keys()];
  }

  say(text) {
    this.said.textContent = text;
  }

  get #query() {
    return this.field.value.trim().replace(/^@/u, "");
  }

  get #found() {
    const query = this.#query;
    const people = [...this.known.values()].filter(({ id }) => !this.absent.has(id));
    return people.filter(({ name, username }) => !query || finds(query, [name, username])).sort(byName);
  }

  // Typed as somebody is called who is not among those known.
  get #stranger() {
    const username = USERNAME.exec(this.field.value.trim())?.[1].toLowerCase();
    return username && ![...this.known.values()].some((person) => person.username === username) ? username : null;
  }

  #draw() {
    const found = this.#found.slice(0, MOST_SHOWN);
    const stranger = this.#stranger;
    const rows = found.map((person) => ({ id: person.id, look: `${person.name} ${this.chosen.has(person.id)}`, make: () => this.#row(person) }));
    if (stranger) rows.push({ id: "stranger", look: stranger, make: () => this.#strangerRow(stranger) });
    this.rows.draw(rows);
    byId("people-none").hidden = rows.length > 0;
  }

  #row(person) {
    const isChosen = this.chosen.has(person.id);
    const mark = h("span", { class: "picked", "aria-hidden": "true" }, svg("0 0 24 24", CHECK));
    const names = h("span", { class: "option-text" }, h("span", { dir: "auto" }, person.name), h("span", { class: "option-note", dir: "auto" }, `@${person.username}`));
    return h("li", {}, h("button", { class: "pick", type: "button", "aria-pressed": String(isChosen), onclick: () => this.#toggle(person) }, avatar(person.name, person.id), names, mark));
  }

  #strangerRow(username) {
    const label = interpolate(gettext("Look for @%(username)s"), { username });
    return h("li", {}, h("button", { class: "pick", type: "button", onclick: () => this.#find(username) }, h("span", { class: "avatar", "aria-hidden": "true" }, "@"), h("span", { class: "option-text" }, label)));
  }

  #chip(person) {
    const label = interpolate(gettext("Take %(name)s out"), { name: person.name });
    return h("li", {}, h("span", { dir: "auto" }, person.name), h("button", { type: "button", "aria-label": label, onclick: () => this.#unchoose(person) }, svg("0 0 24 24", CROSS)));
  }

  #unchoose(person) {
    this.#toggle(person);
    this.field.focus();
  }

  #toggle(person) {
    if (this.chosen.has(person.id)) this.chosen.delete(person.id);
    else if (this.chosen.size < this.most) this.chosen.set(person.id, person);
    else {
      this.say(interpolate(gettext("At most %(most)s at a time."), { most: this.most }));
      return;
    }
    this.say("");
    this.#changed();
  }

  #changed() {
    this.chips.replaceChildren(...[...this.chosen.values()].map((person) => this.#chip(person)));
    this.#draw();
    this.onChange(this.chosen.size);
  }

  async #find(username) {
    this.say("");
    const { value, problem } = await api("GET", `/people?username=${encodeURIComponent(username)}`);
    if (problem) {
      this.say(problem.code === "NOT_FOUND" ? gettext("Nobody here has that username.") : problem.title);
      return;
    }
    this.field.value = "";
    this.known.set(value.id, value);
    if (this.absent.has(value.id)) this.say(interpolate(gettext("%(name)s is in it already."), { name: value.name }));
    else if (!this.chosen.has(value.id)) this.#toggle(value);
    this.#draw();
    this.field.focus();
  }

  // Enter takes what is meant, Down goes into the list, Backspace takes the last one out again.
  #key(event) {
    if (event.isComposing) return;
    const first = this.list.querySelector("button");
    if (event.key === "Enter") {
      event.preventDefault();
      this.#enter();
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      first?.focus();
    } else if (event.key === "Backspace" && !this.field.value && this.chosen.size) this.#toggle([...this.chosen.values()].at(-1));
  }

  #enter() {
    const found = this.#found;
    if (!this.#query) return;
    const person = found.find(({ username }) => username === this.#query.toLowerCase()) ?? (this.#stranger && found.length !== 1 ? null : found[0]);
    if (!person) {
      if (this.#stranger) this.#find(this.#stranger);
      return;
    }
    this.field.value = "";
    this.#toggle(person);
  }

  #step(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = [...this.list.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement) + step;
    (at < 0 ? this.field : buttons[at])?.focus();
  }
}
