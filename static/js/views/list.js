// The conversations, newest first; of them those that are searched for. Arrow keys go from one to the next, and up from
// the first to the field where one searches.

import { wordsOf } from "../attachment.js";
import { late } from "../late.js";
import { FILES } from "../parts.js";
import { gettext, interpolate, ngettext } from "../words.js";
import { typingLine } from "./company.js";
import { avatar, byId, h } from "./dom.js";
import { counted, when } from "./format.js";
import { DELETED } from "./message.js";
import { Rows } from "./rows.js";
import { tickMark } from "./ticks.js";

const FIELD_KEYS = new Set(["ArrowDown", "Enter", "Escape"]);
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export class ListView {
  // `lazy(files, make)`: a part that comes when it is asked for.
  constructor({ app, chats, sync, lazy, onOpen, onStart }) {
    Object.assign(this, { chats, sync, onOpen });
    this.list = byId("conversations");
    this.rows = new Rows(this.list);
    const onChange = () => this.draw(this.current);
    this.search = lazy(FILES.search, ({ SearchView }) => new SearchView({ app, list: this.list, onChange, onStart }));
    this.field = byId("search");
    // What is typed and pressed while the part is on its way holds as soon as it is there.
    this.field.addEventListener("focus", async () => (await this.search.get()) && onChange());
    this.field.addEventListener("input", () => this.search.use(onChange, this.field));
    this.field.addEventListener("keydown", (event) => FIELD_KEYS.has(event.key) && this.search.use((search) => search.key(event), this.field));
    byId("chats-pane").addEventListener("keydown", (event) => this.#key(event));
  }

  draw(current) {
    this.current = current;
    const all = this.chats.ordered((id) => this.#unsent(id)?.at ?? 0);
    const chats = this.search.part?.among(all) ?? all;
    const focused = document.activeElement?.closest?.(".conversation")?.dataset.id;
    this.rows.draw(chats.map((chat) => this.#row(chat, chat.id === current)));
    this.list.hidden = chats.length === 0;
    byId("no-conversations").hidden = all.length > 0;
    byId("search-bar").hidden = all.length === 0;
    this.search.part?.tell(chats.length);
    if (focused && !this.list.contains(document.activeElement)) this.focus(focused);
  }

  focus(id) {
    this.list.querySelector(`[data-id="${CSS.escape(id)}"]`)?.focus();
  }

  #key(event) {
    const rows = [...byId("chats-pane").querySelectorAll(".conversation, #start-chat:not([hidden]), .find")];
    const at = rows.indexOf(document.activeElement);
    const step = STEPS[event.key];
    if (event.key === "Escape") this.search.part?.end(event);
    if (!step || at < 0) return;
    event.preventDefault();
    (at + step < 0 ? this.field : rows[at + step])?.focus();
  }

  #row(chat, isCurrent) {
    const { unread, name } = chat;
    const latest = this.#latest(chat, isCurrent);
    const at = latest.at && when(latest.at);
    const look = JSON.stringify([isCurrent, unread, name, at, latest, late.lookOf?.(chat)]);
    return { id: chat.id, look, make: () => h("li", {}, this.#button(chat, isCurrent, this.#top(name, at, chat), this.#bottom(latest, unread, chat))) };
  }

  #button(chat, isCurrent, ...lines) {
    const attributes = {
      class: `conversation${chat.unread ? " unread" : ""}`,
      type: "button",
      "data-id": chat.id,
      "aria-current": isCurrent ? "true" : false,
      onclick: () => this.onOpen(chat.id),
    };
    const face = avatar(chat.name, chat.faceId);
    late.face?.(face, chat);
    return h("button", attributes, face, h("span", { class: "conversation-text" }, ...lines));
  }

  #top(name, at, chat) {
    return h("span", { class: "conversation-line" }, h("span", { class: "conversation-name", dir: "auto" }, name), late.mutedMark?.(chat), at && h("span", { class: "conversation-time" }, at));
  }

  #bottom(latest, unread, chat) {
    const count = counted(unread);
    return h(
      "span",
      { class: "conversation-line" },
      latest.isDraft && h("span", { class: "conversation-draft" }, gettext("Draft:")),
      latest.mark && !latest.deleted && tickMark(latest.mark),
      h("span", { class: `conversation-last${latest.deleted ? " deleted" : ""}${latest.isTyping ? " typing" : ""}`, dir: "auto" }, latest.deleted ? DELETED : latest.body),
      late.mentionMark?.(chat),
      unread > 0 && h("span", { class: "badge", "aria-label": interpolate(ngettext("%(count)s unread", "%(count)s unread", unread), { count }) }, count),
    );
  }

  // The newest of what has not been sent yet.
  #unsent(id) {
    return this.sync.outbox.of(id).at(-1);
  }

  #latest(chat, isCurrent) {
    const typing = typingLine(chat, this.sync.presence.typing(chat.id));
    if (typing) return { body: typing, isTyping: true, at: chat.last?.at };
    const item = this.#unsent(chat.id);
    const draft = isCurrent ? undefined : this.sync.drafts.textOf(chat.id);
    if (draft) return { body: draft, isDraft: true, at: chat.last?.at };
    if (item) return { body: wordsOf(item), at: item.at, mark: item.state === "pending" ? "pending" : "failed" };
    if (!chat.last) return { body: chat.head ? "" : gettext("No messages yet") };
    if (chat.last.event) return { body: late.eventText?.(chat.last, chat) ?? "", at: chat.last.at };
    return { ...chat.last, body: wordsOf(chat.last), mark: chat.last.sender === chat.me && chat.tickOf(chat.last) };
  }
}
