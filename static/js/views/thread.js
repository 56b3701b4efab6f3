// The open conversation, redrawn from state.

import { byId, dress } from "./dom.js";
import { counted } from "./format.js";
import { Rows } from "./rows.js";
import { plan } from "./thread_plan.js";
import { Viewport } from "./viewport.js";

// Older pages loaded on the way to the first unread message.
const PAGES = 10;
// What is in memory when a chat is opened; the rest is loaded when someone scrolls there.
const MOST = 500;

function note({ kind, roster }) {
  if (kind === "group") return roster.members.map(({ id }) => roster.nameOf(id)).join(", ");
  return roster.others.length ? `@${roster.others[0].username}` : "Notes to yourself";
}

export class ThreadView {
  constructor({ sync, actions }) {
    Object.assign(this, { sync, actions, chat: null, asked: new Set() });
    this.rows = new Rows(byId("thread"));
    this.view = new Viewport(byId("thread-scroll"), byId("thread"), () => this.#moved());
    this.jump = byId("jump");
    this.jump.addEventListener("click", () => this.view.toEnd());
    for (const event of ["focus", "blur"]) addEventListener(event, () => this.#look());
    document.addEventListener("visibilitychange", () => this.#look());
  }

  async open(chat) {
    this.close();
    this.chat = chat;
    chat.trim(MOST);
    this.unreadFrom = null;
    // Far behind: what is newest comes first.
    const unreadAbove = chat.unread && !this.sync.isFarBehind(chat) ? chat.seen : null;
    this.opening = true;
    this.#paint();
    await this.#fill(chat, unreadAbove);
    if (chat !== this.chat) return;
    if (unreadAbove !== null) this.unreadFrom = chat.shown.find((entry) => entry.seq > unreadAbove && entry.sender !== chat.me)?.seq;
    this.#paint();
    this.opening = false;
    this.view.toEnd();
    this.view.showTop(".unread-line");
    this.#look();
    this.#showJump();
    this.sync.previewed(chat);
  }

  close() {
    this.chat?.endPreview(false);
    this.chat = null;
    this.asked.clear();
    this.rows.clear();
  }

  draw() {
    if (!this.chat || this.opening) return;
    // Who reads above the gap sees what was missing come in below; for who reads below it, it is history.
    if (this.chat.isPreviewReached) this.chat.endPreview(this.view.anchorSeq <= this.chat.preview.below);
    this.view.keeping(() => this.#paint());
    this.#look();
    this.#showJump();
  }

  // One has written: the line of what was unread has done its duty.
  wrote() {
    this.unreadFrom = null;
    this.view.stuck = true;
  }

  // Scrolls to an entry, loading what lies between.
  async show(seq) {
    const { chat } = this;
    this.view.stuck = false;
    while (chat.from > seq && (await this.sync.loadOlder(chat)) && chat === this.chat);
    if (chat !== this.chat) return;
    this.draw();
    this.view.flash(`[data-seq="${Number(seq)}"]`);
  }

  // What is being answered; undefined while it is fetched, null when it is not there.
  quoteOf(seq) {
    const { chat } = this;
    const entry = chat.find(seq);
    if (entry === undefined && !this.asked.has(seq)) this.#fetchQuote(chat, seq);
    return entry;
  }

  #fetchQuote(chat, seq) {
    this.asked.add(seq);
    this.sync.quoted(chat, seq).then((entry) => {
      if (entry !== undefined) chat.quotes.set(seq, entry);
      if (chat !== this.chat) return;
      // Not now: the next connection may bring it.
      this.asked.delete(seq);
      if (entry !== undefined) this.draw();
    });
  }

  #paint() {
    const { chat } = this;
    dress(byId("peer-avatar"), chat.name, chat.faceId);
    byId("peer-name").textContent = chat.name;
    byId("peer-note").textContent = note(chat);
    const { outbox } = this.sync;
    const unsent = outbox.of(chat.id);
    const resendOf = (seq) => outbox.resendOf(chat.id, seq);
    const quoteOf = (seq) => this.quoteOf(seq);
    this.rows.draw(plan({ chat, unsent, unreadFrom: this.unreadFrom, quoteOf, resendOf, actions: this.actions }));
    byId("thread-empty").hidden = chat.last !== null || chat.head > 0 || unsent.length > 0;
  }

  // Enough for the window, and back to the first unread message.
  async #fill(chat, unreadAbove) {
    const wanted = () => this.view.hasRoom || (unreadAbove !== null && chat.from > unreadAbove + 1);
    for (let page = 0; page < PAGES && chat === this.chat && wanted(); page += 1) {
      if (!(await this.sync.loadOlder(chat))) break;
      if (chat === this.chat) this.#paint();
    }
  }

  #moved() {
    if (!this.chat || this.opening) return;
    this.#look();
    this.#showJump();
    if (this.view.isNearTop) this.#older();
  }

  // The connection is back: what could not be had before is asked for again.
  retry() {
    if (!this.chat) return;
    if (this.view.isNearTop) this.#older();
    this.sync.previewed(this.chat);
    this.draw();
  }

  async #older() {
    if (this.loading) return;
    this.loading = true;
    await this.sync.loadOlder(this.chat);
    this.loading = false;
  }

  // Seen is what a person looking at this window can see: in front, and inside the window down to its end.
  #look() {
    const { chat, view } = this;
    if (!chat || this.opening || document.hidden || !document.hasFocus()) return;
    // What flies past, or lies in the gap above a preview, nobody has seen yet.
    if (chat.preview || this.sync.isFarBehind(chat)) return;
    const seq = view.isAtEnd ? chat.received : view.lastVisible;
    if (seq > chat.seen) this.sync.markSeen(chat, seq);
  }

  #showJump() {
    this.jump.hidden = this.view.isAtEnd;
    const unread = this.chat?.unread ?? 0;
    byId("jump-count").hidden = !unread;
    byId("jump-count").textContent = counted(unread);
  }
}
