// The open conversation. Redrawn from state, row by row: a row whose key has not changed is left in place.

import { byId, dress, h } from "./dom.js";
import { day, dayKey } from "./format.js";
import { messageView, pendingView } from "./message.js";

const NEAR_PX = 80;
const GROUP_MS = 5 * 60 * 1000;

export class ThreadView {
  constructor({ chats, sync, actions }) {
    Object.assign(this, { chats, sync, actions });
    this.scroll = byId("thread-scroll");
    this.list = byId("thread");
    this.jump = byId("jump");
    this.rows = new Map();
    this.scroll.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.jump.addEventListener("click", () => this.toEnd("smooth"));
    for (const event of ["focus", "visibilitychange"]) addEventListener(event, () => this.#look());
    new ResizeObserver(() => this.stuck && this.toEnd()).observe(this.scroll);
  }

  async open(chat) {
    this.chat = chat;
    this.rows.clear();
    this.list.replaceChildren();
    this.unreadFrom = chat.seen < chat.received ? chat.seen + 1 : null;
    this.stuck = true;
    this.draw();
    if (!chat.shown.length || chat.shown[0].seq > Math.max(chat.start, chat.received - 30)) await this.#older();
    this.toEnd();
  }

  close() {
    this.chat = null;
  }

  draw() {
    const { chat } = this;
    if (!chat) return;
    const other = chat.others[0] ?? chat.members[0];
    dress(byId("peer-avatar"), chat.name, other.id);
    byId("peer-name").textContent = chat.name;
    byId("peer-note").textContent = chat.others.length ? chat.others.map((member) => `@${member.username}`).join(", ") : "Notes to yourself";
    this.#place(this.#plan());
    if (this.stuck) this.toEnd();
    this.#look();
    this.#showJump();
  }

  // What rows there are to be: [key, function that makes the row].
  #plan() {
    const { chat, actions } = this;
    const plan = [];
    let before = null;
    for (const entry of chat.shown) {
      this.#separate(plan, before, entry);
      const own = entry.sender === chat.me;
      const look = { own, first: this.#isFirst(before, entry), mark: own && chat.tickOf(entry) };
      plan.push([`m${entry.seq} ${look.mark} ${look.first}`, () => messageView(entry, look, actions)]);
      before = entry;
    }
    for (const item of this.sync.outbox.of(chat.id)) {
      const look = { first: !before || before.sender !== chat.me };
      plan.push([`p${item.client_id} ${item.state} ${look.first}`, () => pendingView(item, look, actions)]);
      before = { ...item, sender: chat.me };
    }
    return plan;
  }

  #separate(plan, before, entry) {
    if (!before || dayKey(before.at) !== dayKey(entry.at)) {
      plan.push([`d${dayKey(entry.at)}`, () => h("li", { class: "day", role: "separator" }, day(entry.at))]);
    }
    if (entry.seq === this.unreadFrom) {
      plan.push(["unread", () => h("li", { class: "unread-line", role: "separator" }, "Unread")]);
    }
  }

  #isFirst(before, entry) {
    return !before || before.sender !== entry.sender || entry.at - before.at > GROUP_MS || dayKey(before.at) !== dayKey(entry.at);
  }

  #place(plan) {
    const rows = new Map(plan.map(([key, make]) => [key, this.rows.get(key) ?? make()]));
    for (const [key, row] of this.rows) if (!rows.has(key)) row.remove();
    let at = this.list.firstElementChild;
    for (const row of rows.values()) {
      if (row === at) at = at.nextElementSibling;
      else this.list.insertBefore(row, at);
    }
    this.rows = rows;
  }

  toEnd(behavior = "auto") {
    this.scroll.scrollTo({ top: this.scroll.scrollHeight, behavior });
  }

  show(seq) {
    const row = this.list.querySelector(`[data-seq="${Number(seq)}"]`);
    row?.scrollIntoView({ block: "center" });
    row?.classList.add("flash");
    row?.addEventListener("animationend", () => row.classList.remove("flash"), { once: true });
  }

  get #isAtEnd() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < NEAR_PX;
  }

  #scrolled() {
    this.stuck = this.#isAtEnd;
    this.#look();
    this.#showJump();
    if (this.scroll.scrollTop < NEAR_PX && !this.loading) this.#older();
  }

  // Older entries come in above: what is looked at stays where it is.
  async #older() {
    const { chat, scroll } = this;
    if (!chat) return;
    this.loading = true;
    const fromEnd = scroll.scrollHeight - scroll.scrollTop;
    await this.sync.loadOlder(chat);
    if (chat === this.chat && !this.stuck) scroll.scrollTop = scroll.scrollHeight - fromEnd;
    this.loading = false;
  }

  // Seen is what a person looking at this window can see: open, in front, at the end.
  #look() {
    const { chat } = this;
    if (chat && !document.hidden && document.hasFocus() && this.#isAtEnd) this.sync.markSeen(chat);
  }

  #showJump() {
    this.jump.hidden = this.#isAtEnd;
    const unread = this.chat?.unread ?? 0;
    byId("jump-count").hidden = !unread;
    byId("jump-count").textContent = unread;
  }
}
