// What is typed above the list filters the chats, and what the server finds stands below them. Down goes into the list,
// Enter opens the first chat, or else the first of what was found, Escape ends the search, from wherever it is pressed.

import { finds } from "../fold.js";
import { gettext, interpolate } from "../words.js";
import { byId } from "./dom.js";
import { FindsView } from "./finds.js";

// As people may be called (chat/web/forms.py).
const USERNAME = /^@?([a-z0-9][a-z0-9_.-]{2,29})$/iu;

// Of the other one; in one's notes, one's own.
const usernames = ({ others, members }) => (others.length ? others : members).map(({ username }) => username);

export class SearchView {
  // `onChange()`: another query. `onStart(username, opener)`: someone is to be written to.
  constructor({ app, list, onChange, onStart }) {
    Object.assign(this, { list, onChange });
    this.finds = new FindsView({ app, start: onStart });
    // The socket may not have noticed that there was no network.
    for (const [source, event] of [[app.sync, "ready"], [window, "online"]]) source.addEventListener(event, () => this.finds.retry());
    this.field = byId("search");
    this.start = byId("start-chat");
    this.start.addEventListener("click", () => onStart(this.#username, this.start));
  }

  get #query() {
    return this.field.value.trim();
  }

  get #username() {
    return USERNAME.exec(this.#query)?.[1].toLowerCase();
  }

  // Those it finds: by name, and one person also by username.
  among(chats) {
    const query = this.#query.replace(/^@/u, "");
    if (!query) return chats;
    return chats.filter(({ name, kind, roster }) => finds(query, [name, ...(kind === "direct" ? usernames(roster) : [])]));
  }

  // What there is to say, of so many found.
  tell(found) {
    this.finds.search(this.#query);
    const isVain = Boolean(this.#query) && found === 0;
    byId("no-matches").hidden = !isVain;
    byId("no-matches-text").textContent = isVain ? gettext("No chat by that name.") : "";
    this.start.hidden = !isVain || !this.#username;
    this.start.textContent = interpolate(gettext("Start a chat with @%(username)s"), { username: this.#username });
  }

  clear() {
    this.field.value = "";
    this.onChange();
  }

  // Of the field.
  key(event) {
    if (event.isComposing) return;
    const chat = this.list.querySelector(".conversation");
    const find = this.finds.box.querySelector(".find");
    const start = this.#username && this.start;
    if (event.key === "Escape") this.end(event);
    else if (event.key === "ArrowDown") this.#focus(event, chat ?? start ?? find);
    else if (event.key === "Enter" && this.#query) (chat ?? find ?? start)?.click();
  }

  end(event) {
    if (!this.field.value) return;
    event.preventDefault();
    this.clear();
    this.field.focus();
  }

  #focus(event, element) {
    event.preventDefault();
    element?.focus();
  }
}
