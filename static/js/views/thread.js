// The open conversation, redrawn from state.

import { filesOf } from "../attachment.js";
import { late } from "../late.js";
import { gettext } from "../words.js";
import { CompanyLine } from "./company.js";
import { byId, dress } from "./dom.js";
import { counted } from "./format.js";
import { Rover } from "./rover.js";
import { Rows } from "./rows.js";
import { plan } from "./thread_plan.js";
import { Viewport } from "./viewport.js";

// Entries that are drawn; others take their place when someone scrolls there.
const MOST = 200;
// So many are enough to begin with.
const FIRST = 40;
// Pages loaded at a time without being scrolled to, whatever the size of the window.
const PAGES = 8;
const QUOTES = 300;

function note({ kind, roster, isLeft }) {
  if (isLeft) return gettext("You are no longer in this chat.");
  if (kind === "group") return late.company?.(roster) ?? "";
  return roster.others.length ? `@${roster.others[0].username}` : gettext("Notes to yourself");
}

export class ThreadView {
  constructor({ sync, actions }) {
    Object.assign(this, { sync, actions, chat: null, asked: new Set(), unfolded: new Set() });
    this.rows = new Rows(byId("thread"));
    const [list, scroll] = [byId("thread"), byId("thread-scroll")];
    this.view = new Viewport({ scroll, list, onMove: () => this.#moved() });
    this.rover = new Rover({ list, scroll, onMenu: (row) => actions.menuOf(row), onLeave: () => actions.leave() });
    this.company = new CompanyLine({ line: byId("peer-note"), voice: byId("typing-said") });
    this.jump = byId("jump");
    this.jump.addEventListener("click", () => this.#toNewest());
    for (const event of ["focus", "blur"]) addEventListener(event, () => this.#look());
    document.addEventListener("visibilitychange", () => this.#look());
  }

  async open(chat) {
    this.close();
    this.chat = chat;
    chat.open(true);
    this.sync.presence.watch(chat);
    this.unreadFrom = null;
    // Far behind: what is newest comes first.
    const seen = chat.unread && !this.sync.isFarBehind(chat) ? chat.seen : null;
    this.opening = true;
    // Until it is known where reading goes on nothing has been looked at. Who scrolls or writes stays there.
    const seeking = (this.seeking = { isOver: false });
    this.#paint();
    let isThere = await this.#begin(chat, seen, true);
    await this.#showFiles(chat.log.shown);
    if (seeking !== this.seeking) return;
    this.#goTo(seen);
    if (!isThere) {
      isThere = await this.#begin(chat, seen);
      if (seeking !== this.seeking) return;
      if (isThere && !seeking.isOver) this.#goTo(seen);
    }
    this.seeking = null;
    this.draw();
    await this.sync.previewed(chat);
    this.#extend();
  }

  // Where reading goes on: at the first unread message, else at the newest. True: that is there. `isStored`: whatever
  // the network, from what this device has.
  async #begin(chat, seen, isStored) {
    if (seen !== null && seen + 1 < chat.log.tail.from) return this.sync.loadAround(chat, seen + 1, isStored);
    return chat.log.shown.length >= FIRST || this.sync.loadOlder(chat, isStored);
  }

  #goTo(seen) {
    const { chat, view } = this;
    if (seen !== null) this.unreadFrom = chat.log.shown.find((entry) => entry.seq > seen && entry.sender !== chat.me)?.seq;
    if (!this.unreadFrom) chat.log.toNewest();
    this.#paint();
    this.opening = false;
    view.toEnd();
    view.showTop(".unread-line");
    this.endOfGoing = view.scroll.scrollTop;
    this.#showJump();
  }

  close() {
    this.chat?.open(false);
    this.chat = null;
    this.seeking = null;
    this.sync.presence.watch(null);
    this.asked.clear();
    this.unfolded.clear();
    this.rows.clear();
  }

  draw() {
    const { chat, view } = this;
    if (!chat || this.opening) return;
    // Who reads above the gap goes on reading there; for who reads below it, it is history.
    if (chat.log.isPreviewReached) chat.log.endPreview(view.anchorSeq <= chat.log.preview.below);
    chat.log.fit(view.anchorSeq, MOST);
    view.keeping(() => this.#paint());
    this.#look();
    this.#showJump();
  }

  // One has written: the line of what was unread has done its duty.
  wrote() {
    if (this.seeking) this.seeking.isOver = true;
    this.unreadFrom = null;
    this.#toNewest();
  }

  #toNewest() {
    const { chat, view } = this;
    chat.log.toNewest();
    this.draw();
    view.toEnd();
    this.rover.toNewest();
    this.#moved();
    this.sync.previewed(chat);
  }

  // Scrolls to an entry, loading what is around it. False: it is not to be had.
  async show(seq) {
    const { chat } = this;
    this.view.stuck = false;
    if (!chat.log.draws(seq) && chat.log.tail.find(seq)) chat.log.toNewest();
    else if (!chat.log.draws(seq) && !(await this.sync.loadAround(chat, seq))) return false;
    if (chat !== this.chat) return true;
    this.draw();
    return this.view.flash(`[data-seq="${Number(seq)}"]`);
  }

  // Long text that someone has opened.
  unfold(clientId, isOpen) {
    if (isOpen) this.unfolded.add(clientId);
    else this.unfolded.delete(clientId);
    this.view.settle();
    this.#moved();
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
      for (const [first] of chat.quotes) if (chat.quotes.size > QUOTES) chat.quotes.delete(first);
      if (chat !== this.chat) return;
      // Not now: the next connection may bring it.
      this.asked.delete(seq);
      if (entry !== undefined) this.draw();
    });
  }

  #paint() {
    const { chat } = this;
    const face = dress(byId("peer-avatar"), chat.name, chat.faceId);
    late.face?.(face, chat);
    for (const id of ["peer-name", "blocked-name"]) byId(id).textContent = chat.name;
    const { isLeft, blocked } = chat;
    byId("composer").hidden = isLeft || blocked;
    byId("blocked-note").hidden = !blocked;
    byId("left-note").hidden = !isLeft;
    byId("chat-info").hidden = isLeft;
    this.company.draw(chat, this.sync.presence, note(chat));
    const { outbox } = this.sync;
    const unsent = outbox.of(chat.id);
    const resendOf = (seq) => outbox.resendOf(chat.id, seq);
    const quoteOf = (seq) => this.quoteOf(seq);
    this.rows.draw(plan({ chat, unsent, unreadFrom: this.unreadFrom, quoteOf, resendOf, actions: this.actions }));
    this.actions.views?.fill(byId("thread"));
    this.#showFiles([...chat.log.shown, ...unsent]);
    this.view.hasEnd = !chat.log.isDetached;
    this.rover.settle();
    byId("thread-empty").hidden = chat.last !== null || chat.head > 0 || unsent.length > 0;
  }

  // What shows files comes with the first message that has some.
  async #showFiles(messages) {
    const { shown } = this.sync.files;
    if (shown.part || !messages.some((message) => filesOf(message).length)) return;
    if (await shown.get()) this.draw();
  }

  #moved() {
    if (!this.chat || this.opening) return;
    if (this.seeking && this.view.scroll.scrollTop !== this.endOfGoing) this.seeking.isOver = true;
    this.#look();
    this.#showJump();
    this.#extend();
  }

  // The connection is back: what could not be had before is asked for again.
  retry() {
    if (!this.chat) return;
    this.sync.previewed(this.chat);
    this.draw();
    this.#extend();
  }

  // What may soon be scrolled to.
  async #extend() {
    if (this.isExtending) return;
    this.isExtending = true;
    for (let page = 0; page < PAGES && this.chat && !this.opening; page += 1) {
      if (!(await this.#further())) break;
      this.draw();
    }
    this.isExtending = false;
  }

  async #further() {
    const { chat, view, sync } = this;
    if (view.isNearTop && (await sync.loadOlder(chat))) return true;
    return view.isNearBottom && sync.loadNewer(chat);
  }

  // Seen is what a person looking at this window can see: in front, and inside the window down to its end.
  #look() {
    const { chat, view } = this;
    if (!chat || this.opening || this.seeking || document.hidden || !document.hasFocus()) return;
    // What flies past, or lies in the gap above a preview, nobody has seen yet.
    if (chat.log.preview || this.sync.isFarBehind(chat)) return;
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
