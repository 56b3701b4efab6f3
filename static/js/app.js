// Puts the parts together.

import { wordsOf } from "./attachment.js";
import { Chats } from "./chats.js";
import { openDatabase } from "./database.js";
import { inherit } from "./databases.js";
import { ask } from "./http.js";
import { forgetPage, loadAnew, register } from "./install.js";
import { MessageActs } from "./message_acts.js";
import { Notifications } from "./notifications.js";
import { isNews } from "./order.js";
import { Preferences } from "./preferences.js";
import { SignOut, toSignIn } from "./sign_out.js";
import { Sync } from "./sync.js";
import { BannerView } from "./views/banner.js";
import { ComposerView } from "./views/composer.js";
import { InfoDialog, NewChatDialog, wireCloseButtons } from "./views/dialogs.js";
import { byId, dress } from "./views/dom.js";
import { ListView } from "./views/list.js";
import { NoticeView } from "./views/notice.js";
import { SettingsDialog } from "./views/settings.js";
import { ThreadView } from "./views/thread.js";
import { gettext } from "./words.js";

const MINUTE_MS = 60000;
// Loading the page anew is to bring another one.
const TOO_OLD = new Set(["outdated", "stopped"]);
const boot = JSON.parse(byId("boot").textContent);
const banner = new BannerView();
const preferences = new Preferences();
const notifications = new Notifications(preferences, boot.user.id);
let app;

const worker = new Worker(new URL("./pulse.js", import.meta.url));
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
    await this.database.belongTo(this.user.id);
  }

  // Only once the server has said that this page is whose it takes itself for: what others have left is removed.
  async #settle() {
    await this.sync.guard(async () => {
      const { items, drafts } = await inherit(this.database, this.device, this.user.id);
      this.sync.inherit(items, drafts);
    });
    await notifications.resume();
  }

  #makeViews() {
    const { sync, chats } = this;
    this.info = new InfoDialog({ ask: (conv, seq) => sync.askInfo(conv, seq) });
    this.newChat = new NewChatDialog({ onOpen: (username) => sync.openDirect(username) });
    this.list = new ListView({ chats, sync, onOpen: (id) => this.open(id), onStart: (username) => this.newChat.start(username) });
    this.settings = new SettingsDialog({
      preferences,
      notifications,
      onRenamed: (name) => this.#callMe({ ...this.user, name }),
    });
    this.notice = new NoticeView();
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
    this.acts = new MessageActs(this);
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
      this.thread.open(chat);
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

  draw() {
    this.thread.draw();
    this.list.draw(this.thread.chat?.id);
    const unread = this.chats.all.reduce((sum, chat) => sum + chat.unread, 0);
    if (unread < this.unread) notifications.tidy(this.chats);
    this.unread = unread;
    document.title = unread ? `(${unread}) ${this.title}` : this.title;
    if (this.connection?.state === "signed-out" && this.waiting !== this.sync.outbox.waiting) this.#sayConnection();
  }

  #listen() {
    this.chats.addEventListener("change", () => this.#drawSoon());
    this.chats.addEventListener("change", ({ detail }) => this.info.refresh(detail));
    this.sync.addEventListener("state", ({ detail }) => this.#stateChanged(detail));
    this.sync.addEventListener("ready", () => this.#ready());
    this.sync.addEventListener("progress", ({ detail }) => this.#progressed(detail));
    this.sync.addEventListener("stored", ({ detail }) => this.#announce(detail));
    this.sync.addEventListener("adopted", ({ detail }) => this.#adopted(detail));
    this.sync.drafts.addEventListener("change", () => this.#drawSoon());
    this.sync.addEventListener("info", ({ detail }) => this.info.show(detail));
    this.sync.addEventListener("opened", ({ detail }) => this.#opened(detail));
    this.sync.addEventListener("refused", ({ detail }) => this.#refused(detail));
    byId("open-settings").addEventListener("click", () => this.settings.open());
    byId("new-chat").addEventListener("click", () => this.newChat.open());
    byId("first-chat").addEventListener("click", () => this.newChat.open());
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
    this.info.refresh();
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
    this.newChat.close();
    this.open(id);
    this.composer.focus();
  }

  #refused({ ref, code, text, retryable }) {
    if (ref?.t === "open") this.newChat.refuse(code === "NOT_FOUND" ? gettext("Nobody here has that username.") : gettext(text));
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
  if (why === "signed-out" && !signOut.isOver) toSignIn();
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

wireCloseButtons();
const signOut = new SignOut({ device: boot.device, notifications, onOver: () => app?.sync.leave() });
await begin();
