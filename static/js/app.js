// Puts the parts together.

import { wordsOf } from "./attachment.js";
import { Chats } from "./chats.js";
import { hasOthers, openDatabase } from "./database.js";
import { ask } from "./http.js";
import { forgetPage, loadAnew, register, toSignIn } from "./install.js";
import { late } from "./late.js";
import { Lazy, said } from "./lazy.js";
import { MessageActs } from "./message_acts.js";
import { Notifications } from "./notifications.js";
import { isNews } from "./order.js";
import { FILES } from "./parts.js";
import { Preferences } from "./preferences.js";
import { Sync } from "./sync.js";
import { scriptAddress } from "./trusted.js";
import { BannerView } from "./views/banner.js";
import { ComposerView } from "./views/composer.js";
import { byId, dress } from "./views/dom.js";
import { ListView } from "./views/list.js";
import { NoticeView } from "./views/notice.js";
import { ThreadView } from "./views/thread.js";
import { gettext } from "./words.js";

const MINUTE_MS = 60000;
// Loading the page anew is to bring another one.
const TOO_OLD = new Set(["outdated", "stopped"]);
const boot = JSON.parse(byId("boot").textContent);
const banner = new BannerView();
const preferences = new Preferences();
const notice = new NoticeView();
const lazy = (files, make) => new Lazy({ files, make, say: (text) => notice.say(text) });
const notifications = new Notifications({
  preferences,
  user: boot.user.id,
  subscribing: lazy(FILES.subscribing, ({ Subscribing }) => new Subscribing(notifications)),
});
late.pruning = lazy(FILES.prune, ({ prune }) => prune);
const databases = lazy(FILES.databases, (exports) => exports);
let app;
// There is no session any more: this one goes by itself.
let isOver = false;

const worker = new Worker(scriptAddress(new URL("./pulse.js", import.meta.url)));
const pulse = (call) => worker.addEventListener("message", () => call());

class App {
  constructor({ user, device, database }) {
    Object.assign(this, { user, device });
    this.title = document.title;
    this.pane = byId("app");
    this.database = database;
    this.chats = new Chats(user.id);
    this.sync = new Sync({ me: user.id, device, chats: this.chats, database, pulse });
    this.#makeViews();
    this.#listen();
    this.#callMe(user);
    byId("my-username").textContent = `@${user.username}`;
  }

  #callMe({ id, name }) {
    dress(byId("my-avatar"), name, id);
    byId("my-name").textContent = name;
  }

  async start() {
    await this.sync.start();
    this.show();
    // They find the invitation by themselves.
    if (location.hash.startsWith("#join/")) this.groups.use(() => {});
    await this.database.belongTo(this.user.id);
  }

  // Only once the server has said that this page is whose it takes itself for: what others have left is removed.
  async #settle() {
    await this.sync.guard(async () => (await hasOthers(this.device)) && this.#inherit());
    await notifications.resume();
  }

  async #inherit() {
    const { inherit } = (await databases.get()) ?? {};
    // At the next connection, then.
    if (!inherit) this.settling = undefined;
    else {
      const { items, drafts } = await inherit(this.database, this.device, this.user.id);
      this.sync.inherit(items, drafts);
    }
  }

  #makeViews() {
    const { sync, chats } = this;
    this.groups = lazy(FILES.groups, ({ Groups }) => new Groups(this, lazy));
    const onGroup = () => this.groups.use((groups) => groups.create());
    this.newChat = lazy(FILES.newChat, ({ NewChatDialog }) => new NewChatDialog({ onOpen: (username) => sync.openDirect(username), onGroup }));
    this.list = new ListView({ chats, sync, lazy, onOpen: (id) => this.open(id), app: this, onStart: (username, opener) => this.newChat.use((dialog) => dialog.start(username), opener) });
    const onRenamed = (name) => this.#callMe({ ...this.user, name });
    const leave = async () => (await signOut.get())?.finish();
    this.settings = lazy(FILES.settings, ({ SettingsDialog }) => new SettingsDialog({ preferences, notifications, onRenamed, leave, sync }));
    this.notice = notice;
    this.composer = new ComposerView({
      drafts: sync.drafts,
      files: sync.files,
      preferences,
      say: (text) => this.notice.say(text),
      onSend: (...message) => this.#send(...message),
      onEdit: (entry, body) => this.acts.edit(entry, body),
      onTyping: (conv) => sync.presence.wrote(conv),
      nameOf: (entry) => this.thread.chat.roster.nameOf(entry.sender),
    });
    this.acts = new MessageActs(this, lazy);
    this.thread = new ThreadView({ sync, actions: this.acts });
  }

  #send(...message) {
    this.thread.wrote();
    return this.sync.send(...message);
  }

  // The address names the open chat, so that Back closes it on a phone and a reload opens it again.
  open(id) {
    if (location.hash.slice(1) !== id) history.pushState(null, "", `#${id}`);
    else this.composer.focus();
    this.show();
  }

  show() {
    const chat = this.chats.get(location.hash.slice(1));
    const before = this.thread.chat;
    const { activeElement, body } = document;
    const isInside = activeElement === body || byId("thread-pane").contains(activeElement);
    if (chat !== before) this.acts.close();
    this.pane.dataset.pane = chat ? "thread" : "list";
    byId("thread-pane").hidden = !chat;
    byId("no-thread").hidden = Boolean(chat);
    if (!chat) this.thread.close();
    else if (chat !== this.thread.chat) {
      this.opening = this.thread.open(chat);
      this.composer.open(chat.id);
    }
    this.draw();
    // What had the focus is not there any more.
    if (before && !chat && isInside) this.list.focus(before.id);
  }

  // Many changes, one drawing.
  #drawSoon() {
    this.drawing ??= setTimeout(() => {
      this.drawing = undefined;
      const wanted = this.chats.get(location.hash.slice(1)) ?? null;
      if (wanted === this.thread.chat) this.draw();
      else this.show();
    }, 0);
  }

  #info(chat, opener) {
    this.groups.use((groups) => groups.info(chat, opener), opener);
  }

  draw() {
    this.thread.draw();
    this.list.draw(this.thread.chat?.id);
    if (this.groups.part) this.groups.part.look(this.thread.chat);
    else if (this.chats.all.some(({ kind, isMuted }) => kind === "group" || isMuted)) this.groups.get();
    const unread = this.chats.all.reduce((sum, chat) => sum + chat.unread, 0);
    if (unread < this.unread) notifications.tidy(this.chats);
    this.unread = unread;
    document.title = unread ? `(${unread}) ${this.title}` : this.title;
    if (this.connection?.state === "signed-out" && this.waiting !== this.sync.outbox.waiting) this.#sayConnection();
  }

  #listen() {
    this.chats.addEventListener("change", () => this.#drawSoon());
    this.chats.addEventListener("change", ({ detail }) => this.acts.info.part?.refresh(detail));
    this.sync.addEventListener("state", ({ detail }) => this.#stateChanged(detail));
    this.sync.addEventListener("ready", () => this.#ready());
    this.sync.addEventListener("progress", ({ detail }) => this.#progressed(detail));
    this.sync.addEventListener("stored", ({ detail }) => this.#announce(detail));
    this.sync.addEventListener("adopted", ({ detail }) => this.#adopted(detail));
    this.sync.drafts.addEventListener("change", () => this.#drawSoon());
    this.sync.addEventListener("info", ({ detail }) => this.acts.info.part?.show(detail));
    this.sync.addEventListener("opened", ({ detail }) => this.#opened(detail));
    this.sync.addEventListener("refused", ({ detail }) => this.#refused(detail));
    byId("open-settings").addEventListener("click", ({ currentTarget }) => this.settings.use((dialog) => dialog.open(), currentTarget));
    for (const id of ["new-chat", "first-chat"]) byId(id).addEventListener("click", ({ currentTarget }) => this.newChat.use((dialog) => dialog.open(), currentTarget));
    byId("chat-info").addEventListener("click", ({ currentTarget }) => this.#info(this.thread.chat, currentTarget));
    byId("back").addEventListener("click", () => this.open(""));
    addEventListener("popstate", () => this.show());
    addEventListener("focus", () => this.#lookWhetherBack());
    document.addEventListener("visibilitychange", () => this.#lookWhetherBack());
    // "Today" becomes "Yesterday".
    setInterval(() => this.draw(), MINUTE_MS);
  }

  #stateChanged(detail) {
    this.pane.dataset.connection = detail.state === "connected" ? "catching-up" : detail.state;
    this.connection = detail;
    if (TOO_OLD.has(detail.state)) forgetPage();
    if (detail.state === "superseded") loadAnew();
    else this.#sayConnection();
  }

  #sayConnection() {
    this.waiting = this.sync.outbox.waiting;
    banner.show({ ...this.connection, waiting: this.waiting });
  }

  // Perhaps this browser was signed in again meanwhile, in another tab.
  async #lookWhetherBack() {
    if (this.connection?.state !== "signed-out" || document.hidden) return;
    const { value } = await ask("GET", "/account");
    if (value) loadAnew();
  }

  #ready() {
    this.pane.dataset.connection = "ready";
    this.settling ??= this.#settle();
    this.thread.retry();
    this.acts.info.part?.refresh();
    notifications.tidy(this.chats);
  }

  #progressed(now) {
    this.pane.dataset.sync = now ? "catching-up" : "done";
    banner.progress(now);
  }

  // Another tab has stored what this one had not met: the open chat is read anew.
  #adopted(ids) {
    if (ids.includes(this.thread.chat?.id)) this.thread.open(this.thread.chat);
  }

  #opened(id) {
    this.newChat.part?.close();
    this.open(id);
    this.composer.focus();
  }

  async #refused({ ref, code, text, retryable }) {
    if (ref?.t === "open") this.newChat.part?.refuse(code === "NOT_FOUND" ? gettext("Nobody here has that username.") : await said(text));
    if (ref?.t === "resend" && !retryable) this.notice.refuse("resend", { code, text });
  }

  // For those who hear the page: only what comes into the chat they are in.
  #announce({ chat, entries }) {
    if (chat !== this.thread.chat) return;
    const news = entries.filter((entry) => isNews(entry, chat.me) && entry.seq > chat.seen);
    if (news.length) byId("announcer").textContent = news.map((entry) => `${chat.roster.nameOf(entry.sender)}: ${wordsOf(entry)}`).join("\n");
  }
}

// Another tab signed out, or a newer page has taken the database. Signing out, this one goes by itself.
function taken(why) {
  app?.sync.stop(why);
  if (why === "signed-out" && !isOver) toSignIn();
}

// Without a database nothing can be received, and it is better to say so than to look broken.
async function begin() {
  try {
    const database = await openDatabase(boot.device, taken);
    app = new App({ ...boot, database });
    await app.start();
    await register((conv) => app.open(conv));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    const state = error.name === "VersionError" ? "outdated" : "no-storage";
    if (TOO_OLD.has(state)) forgetPage();
    byId("app").dataset.connection = state;
    banner.show({ state });
  }
}

function onOver() {
  isOver = true;
  app?.sync.leave();
}

// Whatever has become of the rest of the page: it needs no app.
const signOut = lazy(FILES.signOut, ({ SignOut }) => new SignOut({ device: boot.device, notifications, onOver }));
byId("sign-out").addEventListener("submit", (event) => {
  event.preventDefault();
  signOut.use((part) => part.start(), event.submitter);
});
await begin();
