// A new group, or more people for one.

import { api } from "../group_api.js";
import { gettext, interpolate, ngettext } from "../words.js";
import { dialog } from "./dialog.js";
import { byId } from "./dom.js";
import { Picker } from "./picker.js";

// As many as one request takes (chat/protocol/group_frames.py).
const MOST_ADDED = 100;
const MOST_INVITED = 1023;
const GONE = /^deleted-[0-9a-f]{32}$/u;

export class PeopleDialog {
  constructor({ app }) {
    this.app = app;
    this.dialog = dialog("people-dialog");
    this.title = byId("group-title");
    this.submit = byId("people-submit");
    this.picker = new Picker({ onChange: (count) => this.#draw(count) });
    this.title.addEventListener("input", () => this.picker.say(""));
    byId("people-form").addEventListener("submit", (event) => this.#submit(event));
  }

  create() {
    this.#open({ chat: null, clientId: this.app.sync.nextId(), title: gettext("New group"), absent: [this.app.user.id], most: MOST_INVITED });
    this.title.focus();
  }

  add(chat) {
    const title = interpolate(gettext("Add people to “%(name)s”"), { name: chat.name });
    this.#open({ chat, title, absent: chat.roster.members.map(({ id }) => id), most: MOST_ADDED });
    this.picker.field.focus();
  }

  #open({ chat, clientId, title, absent, most }) {
    Object.assign(this, { chat, clientId, body: null, turn: Symbol("turn") });
    this.submit.removeAttribute("aria-busy");
    byId("people-title").textContent = title;
    byId("group-title-field").hidden = Boolean(chat);
    this.title.value = "";
    this.dialog.showModal();
    this.picker.open(this.#known, new Set(absent), most);
  }

  // Everybody of one's chats.
  get #known() {
    const { chats, user } = this.app;
    const people = new Map(chats.all.flatMap(({ roster }) => roster.members).map((member) => [member.id, member]));
    return [...people.values()].filter(({ id, username }) => id !== user.id && !GONE.test(username));
  }

  #draw(count) {
    const words = { count };
    this.submit.textContent = this.chat ? interpolate(ngettext("Add %(count)s person", "Add %(count)s people", count), words) : gettext("Create group");
    this.submit.disabled = Boolean(this.chat) && count === 0;
  }

  async #submit(event) {
    event.preventDefault();
    const title = this.title.value.trim();
    if (!this.chat && !title) {
      this.picker.say(gettext("The group needs a name."));
      this.title.focus();
      return;
    }
    const { turn } = this;
    this.submit.setAttribute("aria-busy", "true");
    const { value, problem } = await (this.chat ? this.#add() : this.#create(title));
    // It is about something else by now.
    if (turn !== this.turn) return;
    this.submit.removeAttribute("aria-busy");
    if (problem) this.picker.say(problem.title);
    else this.dialog.close();
    if (value?.id) this.app.open(value.id);
  }

  #add() {
    return api("POST", `/conversations/${this.chat.id}/members`, { users: this.picker.ids });
  }

  // Under one id as long as the same is asked for: after an answer that was lost there is one group.
  #create(title) {
    const users = this.picker.ids;
    const body = JSON.stringify([title, users]);
    if (this.body && this.body !== body) this.clientId = this.app.sync.nextId();
    this.body = body;
    return api("POST", "/groups", { client_id: this.clientId, title, users });
  }
}
