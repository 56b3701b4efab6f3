// What the server finds of messages and people, below the chats that have what is typed in their names. Without a
// connection the newest messages of each chat on this device are looked through, and that is said.

import { finds } from "../fold.js";
import { ask } from "../http.js";
import { gettext } from "../words.js";
import { avatar, byId, h } from "./dom.js";
import { excerpt } from "./excerpt.js";
import { when } from "./format.js";

// Whoever types on is not asked for.
const PAUSE_MS = 250;
// Of each chat, on this device; and of all together.
const STORED = 500;
const MOST_STORED = 20;
const OFFLINE = "OFFLINE";

const heading = (id, text) => h("h2", { class: "finds-heading", id }, text);
const address = (query, kind, cursor) => `/api/v1/search?${new URLSearchParams({ q: query, kind, ...(cursor && { cursor }) })}`;

export class FindsView {
  // `start(username, opener)`: a chat with someone.
  constructor({ app, start }) {
    const { chats, sync } = app;
    Object.assign(this, { app, chats, sync, start, query: "" });
    this.status = h("p", { class: "finds-status", role: "status" });
    this.people = h("ul", { "aria-labelledby": "found-people" });
    this.messages = h("ul", { "aria-labelledby": "found-messages" });
    this.more = h("button", { class: "button quiet", type: "button", onclick: () => this.#goOn() });
    this.box = h("div", { class: "finds", id: "finds", hidden: true }, this.status, this.more);
    byId("chats-pane").append(this.box);
    this.chats.addEventListener("change", () => this.#prune());
  }

  // `query`: what is typed now.
  search(query) {
    if (query === this.query) return;
    this.query = query;
    this.turn = Symbol("turn");
    clearTimeout(this.pausing);
    this.box.hidden = !query;
    this.#clear();
    if (!query) return;
    this.#say(gettext("Searching…"), true);
    this.pausing = setTimeout(() => this.#begin(), PAUSE_MS);
  }

  // The connection is back: what this device had is not all there is.
  retry() {
    if (this.query && this.code === OFFLINE) this.#begin();
  }

  // An entry in its chat, with what is around it.
  async #open(conv, seq) {
    const { app } = this;
    app.open(conv);
    await app.opening;
    if (app.thread.chat?.id === conv) app.acts.jumpTo(seq);
  }

  // What is not there any more, as far as it is known here, is not to be read here either.
  #prune() {
    for (const row of [...this.messages.children]) {
      const chat = this.chats.joined(row.dataset.conv);
      if (!chat || chat.find(Number(row.dataset.seq))?.deleted) row.remove();
    }
    if (this.messages.childElementCount || !this.messages.isConnected) return;
    byId("found-messages").remove();
    this.messages.remove();
    if (!this.cursor && !this.code) this.#say(gettext("No messages found."));
  }

  #clear() {
    this.people.replaceChildren();
    this.messages.replaceChildren();
    this.box.replaceChildren(this.status, this.more);
    this.more.hidden = true;
    this.cursor = this.code = null;
  }

  #say(text, isBusy = false) {
    this.status.textContent = text;
    this.status.classList.toggle("busy", isBusy);
  }

  async #begin() {
    const { query, turn } = this;
    const [people, messages] = await Promise.all(["people", "messages"].map((kind) => ask("GET", address(query, kind))));
    if (turn !== this.turn) return;
    this.#clear();
    const problem = people.problem ?? messages.problem;
    if (problem?.code === OFFLINE) await this.#stored(query, turn);
    else if (problem) this.#fail(problem);
    else this.#show(people.value.people, messages.value);
  }

  #show(people, found) {
    this.#showPeople(people.filter(({ id }) => !this.chats.all.some(({ kind, roster }) => kind === "direct" && roster.others.some((other) => other.id === id))));
    this.#showMessages(found);
  }

  #showPeople(people) {
    if (!people.length) return;
    this.people.append(...people.map((person) => h("li", {}, this.#person(person))));
    this.box.prepend(heading("found-people", gettext("People")), this.people);
  }

  #showMessages({ messages, next }) {
    const before = this.messages.childElementCount;
    const rows = messages.map(({ conv, entry }) => this.#row(conv, entry)).filter(Boolean);
    this.messages.append(...rows);
    if (!before && rows.length) this.status.before(heading("found-messages", gettext("Messages")), this.messages);
    this.cursor = next;
    this.more.hidden = !next;
    this.more.textContent = rows.length ? gettext("Show more") : gettext("Search further back");
    if (before + rows.length) this.#say("");
    else this.#say(next ? gettext("No messages found so far.") : gettext("No messages found."));
    return rows[0];
  }

  #fail({ title, code }) {
    this.code = code;
    this.#say(title);
    this.more.hidden = false;
    this.more.textContent = gettext("Try again");
  }

  async #goOn() {
    const { query, turn, cursor } = this;
    this.more.setAttribute("aria-busy", "true");
    const { value, problem } = cursor ? await ask("GET", address(query, "messages", cursor)) : {};
    this.more.removeAttribute("aria-busy");
    if (turn !== this.turn) return;
    if (!cursor) await this.#begin();
    else if (problem) this.#say(problem.title);
    else this.#showMessages(value)?.querySelector("button").focus();
  }

  async #stored(query, turn) {
    const messages = [];
    for (const { id, received } of this.chats.ordered()) {
      const { entries } = (await this.sync.guard(() => this.sync.database.range(id, Math.max(1, received - STORED), received))) ?? { entries: [] };
      if (turn !== this.turn) return;
      messages.push(...entries.filter(({ body, resent_as }) => body && !resent_as && finds(query, [body])).map((entry) => ({ conv: id, entry })));
      if (messages.length >= MOST_STORED) break;
    }
    this.code = OFFLINE;
    this.#showMessages({ messages: messages.sort((a, b) => b.entry.at - a.entry.at).slice(0, MOST_STORED) });
    this.#say(gettext("You are offline: only what is on this device was searched."));
  }

  #person({ id, username, name }) {
    const lines = [h("span", { class: "find-name", dir: "auto" }, name), h("span", { class: "find-text", dir: "auto" }, `@${username}`)];
    return this.#button(avatar(name, id), lines, (button) => this.start(username, button));
  }

  #row(conv, entry) {
    const chat = this.chats.joined(conv);
    if (!chat) return null;
    const sender = entry.sender === chat.me ? gettext("You") : chat.kind === "group" && chat.roster.nameOf(entry.sender);
    const text = h("span", { class: "find-text", dir: "auto" }, sender && `${sender}: `, ...excerpt(entry.body, this.query));
    const top = h("span", { class: "find-top" }, h("span", { class: "find-name", dir: "auto" }, chat.name), h("span", { class: "find-time" }, when(entry.at)));
    return h("li", { "data-conv": conv, "data-seq": String(entry.seq) }, this.#button(avatar(chat.name, chat.faceId), [top, text], () => this.#open(conv, entry.seq)));
  }

  #button(face, lines, act) {
    return h("button", { class: "find", type: "button", onclick: ({ currentTarget }) => act(currentTarget) }, face, h("span", { class: "find-lines" }, ...lines));
  }
}
