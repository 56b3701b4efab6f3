// Puts the parts together.

import { Chats } from "./chats.js";
import { openDatabase } from "./database.js";
import { Sync } from "./sync.js";
import { BannerView } from "./views/banner.js";
import { ComposerView } from "./views/composer.js";
import { InfoDialog, NewChatDialog } from "./views/dialogs.js";
import { byId, dress } from "./views/dom.js";
import { ListView } from "./views/list.js";
import { ThreadView } from "./views/thread.js";

const { user, device } = JSON.parse(byId("boot").textContent);
const app = byId("app");
const chats = new Chats(user.id);
const sync = new Sync({ me: user.id, device, chats, database: await openDatabase(device) });

const info = new InfoDialog();
const newChat = new NewChatDialog({ onOpen: (username) => sync.openDirect(username) });
const composer = new ComposerView({ onSend: (conv, body, replyTo) => send(conv, body, replyTo) });
const list = new ListView({ chats, sync, onOpen: (id) => open(id) });
const banner = new BannerView();
const thread = new ThreadView({
  chats,
  sync,
  actions: {
    reply: (entry) => composer.reply(entry),
    info: (entry) => showInfo(entry),
    retry: (clientId) => sync.outbox.retryNow(clientId),
    discard: (clientId) => sync.outbox.discard(clientId),
    jumpTo: (seq) => thread.show(seq),
    bodyOf: (seq) => thread.chat?.entries.find((entry) => entry.seq === seq)?.body ?? "…",
  },
});

function send(conv, body, replyTo) {
  thread.unreadFrom = null;
  thread.stuck = true;
  sync.send(conv, body, replyTo);
}

function showInfo(entry) {
  info.open(entry);
  sync.askInfo(thread.chat.id, entry.seq);
}

// The address names the open chat, so that Back closes it on a phone and a reload opens it again.
function open(id) {
  if (location.hash.slice(1) !== id) history.pushState(null, "", `#${id}`);
  show();
}

function show() {
  const chat = chats.get(location.hash.slice(1));
  app.dataset.pane = chat ? "thread" : "list";
  byId("thread-pane").hidden = !chat;
  byId("no-thread").hidden = Boolean(chat);
  if (chat && chat !== thread.chat) {
    thread.open(chat);
    composer.open(chat.id);
  } else if (!chat) thread.close();
  list.draw(thread.chat?.id);
}

function draw() {
  drawing = undefined;
  if (!thread.chat || !chats.get(thread.chat.id)) show();
  thread.draw();
  list.draw(thread.chat?.id);
  const unread = chats.ordered.reduce((sum, chat) => sum + chat.unread, 0);
  document.title = unread ? `(${unread}) ${title}` : title;
}

// Many changes, one drawing.
let drawing;
const title = document.title;
chats.addEventListener("change", () => (drawing ??= setTimeout(draw, 0)));

sync.addEventListener("state", ({ detail }) => {
  app.dataset.connection = detail.state;
  banner.show(detail);
});
sync.addEventListener("info", ({ detail }) => info.show(detail));
sync.addEventListener("opened", ({ detail }) => {
  newChat.close();
  open(detail);
});
sync.addEventListener("refused", ({ detail }) => {
  if (detail.ref?.t === "open") newChat.refuse(detail.code === "NOT_FOUND" ? "Nobody here has that username." : detail.text);
});

dress(byId("my-avatar"), user.name, user.id);
byId("my-name").textContent = user.name;
byId("new-chat").addEventListener("click", () => newChat.open());
byId("first-chat").addEventListener("click", () => newChat.open());
byId("back").addEventListener("click", () => {
  history.pushState(null, "", "#");
  show();
});
addEventListener("popstate", show);

byId("sign-out").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  if (sync.outbox.hasPending && !confirm("Some messages have not been sent. Sign out and lose them?")) return;
  leaving = true;
  sync.monitor.stop();
  await sync.database.wipe();
  form.submit();
});

let leaving = false;
addEventListener("beforeunload", (event) => sync.outbox.hasPending && !leaving && event.preventDefault());

await sync.start();
show();
