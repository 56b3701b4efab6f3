// The conversations, newest first.

import { avatar, byId, h } from "./dom.js";
import { when } from "./format.js";
import { tickMark } from "./ticks.js";

const MOST = 999;

export class ListView {
  constructor({ chats, sync, onOpen }) {
    Object.assign(this, { chats, sync, onOpen });
    this.list = byId("conversations");
  }

  draw(current) {
    const chats = this.chats.ordered;
    const focused = document.activeElement?.closest?.(".conversation")?.dataset.id;
    this.list.replaceChildren(...chats.map((chat) => h("li", {}, this.#row(chat, chat.id === current))));
    byId("no-conversations").hidden = chats.length > 0;
    if (focused) this.list.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
  }

  #row(chat, isCurrent) {
    const { unread } = chat;
    const label = `${chat.name}${unread ? `, ${unread} unread` : ""}`;
    return h(
      "button",
      { class: `conversation${unread ? " unread" : ""}`, type: "button", "data-id": chat.id, "aria-current": isCurrent ? "true" : false, "aria-label": label, onclick: () => this.onOpen(chat.id) },
      avatar(chat.name, (chat.others[0] ?? chat.members[0]).id),
      h("span", { class: "conversation-text" }, this.#top(chat), this.#bottom(chat, unread)),
    );
  }

  #top(chat) {
    const at = this.#latest(chat)?.at;
    return h("span", { class: "conversation-line" }, h("span", { class: "conversation-name", dir: "auto" }, chat.name), at && h("span", { class: "conversation-time" }, when(at)));
  }

  #bottom(chat, unread) {
    const latest = this.#latest(chat);
    return h(
      "span",
      { class: "conversation-line" },
      latest?.mark && tickMark(latest.mark),
      h("span", { class: "conversation-last", dir: "auto" }, latest?.body ?? "No messages yet"),
      unread ? h("span", { class: "badge" }, unread > MOST ? `${MOST}+` : unread) : null,
    );
  }

  // What waits to be sent is the latest there is.
  #latest(chat) {
    const item = this.sync.outbox.of(chat.id).at(-1);
    if (item) return { body: item.body, at: item.at, mark: item.state === "pending" ? "pending" : "failed" };
    if (!chat.last) return null;
    return { ...chat.last, mark: chat.last.sender === chat.me && chat.tickOf(chat.last) };
  }
}
