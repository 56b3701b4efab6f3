{% load i18n %}{% translate "New message" as body %}{% translate "Messenger" as name %}// The service worker: opens the app without a network, and shows what a push tells of.
//
// Of the site it keeps the files the page is made of, which carry their hashes, and the page itself as it came last. The
// page comes from the network while there is one that answers at once and well; otherwise it is the kept one, and comes
// anew behind. It is kept only for who is signed in, and goes at sign-out.

const ASSETS = {{ assets|safe }};
const FILES = `files ${hash(ASSETS.join())}`;
const PAGES = "pages";
// Whoever comes in by one of these may be somebody else.
const DOORS = ["{% url 'sign-in' %}", "{% url 'sign-up' %}"];
const PATIENCE_MS = 300;
// Also of other releases: the kept page may be of the one before.
const FOLDERS = [...new Set(ASSETS.map((path) => path.slice(0, path.indexOf("/", 1) + 1)))];

function hash(text) {
  let sum = 0;
  for (const character of text) sum = (sum * 31 + character.codePointAt(0)) >>> 0;
  return sum.toString(36);
}

async function install() {
  const files = await caches.open(FILES);
  await files.addAll(ASSETS);
  await self.skipWaiting();
}

async function activate() {
  await prune(await keptPage());
  await self.clients.claim();
}

const keptPage = () => caches.match("/", { cacheName: PAGES });

// Files of other releases, but for the one the kept page is of.
async function prune(kept) {
  const [, start] = /<script type="module" src="([^"]+)"/u.exec((await kept?.text()) ?? "") ?? [];
  for (const name of await caches.keys()) {
    const isOther = name.startsWith("files ") && name !== FILES;
    if (isOther && !(start && (await caches.match(start, { cacheName: name })))) await caches.delete(name);
  }
}

const file = async (request) => (await caches.match(request)) ?? fetch(request);

const forgetPage = async () => (await caches.open(PAGES)).delete("/");

async function fetchPage(request) {
  const response = await fetch(request);
  const pages = await caches.open(PAGES);
  if (response.ok && !response.redirected) await pages.put("/", response.clone());
  // Sent on to the sign-in page: who comes next is not shown whose page it was.
  else if (response.type === "opaqueredirect" || response.redirected) await forgetPage();
  return response;
}

async function page(event) {
  const kept = await keptPage();
  const fetched = fetchPage(event.request);
  if (!kept) return fetched;
  event.waitUntil(Promise.allSettled([fetched, prune(kept.clone())]));
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, kept));
  // What a proxy says for a server that is away is no page of ours.
  const good = fetched.then((response) => (response.status >= 500 ? kept : response), () => kept);
  return Promise.race([good, late]);
}

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.mode === "navigate" && DOORS.includes(pathname)) event.waitUntil(forgetPage());
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && pathname === "/") event.respondWith(page(event));
  else if (FOLDERS.some((folder) => pathname.startsWith(folder))) event.respondWith(file(request));
});

// A push says only where there is something, never what. One notification a conversation; what was read is tidied away by
// the page (notifications.js).
async function notify({ conv, title }) {
  for (const shown of await registration.getNotifications({ tag: conv })) shown.close();
  const options = { body: "{{ body|escapejs }}", tag: conv, renotify: true, icon: "{{ icon }}", badge: "{{ icon }}", data: { conv } };
  await registration.showNotification(title || "{{ name|escapejs }}", options);
}

// Where the chats are: another window of this site may be the admin's.
async function openChat(conv) {
  const open = (await clients.matchAll({ type: "window" })).find(({ url }) => new URL(url).pathname === "/");
  if (!open) return clients.openWindow(`/#${conv}`);
  open.postMessage({ t: "open", conv });
  return open.focus();
}

addEventListener("push", (event) => event.waitUntil(notify(event.data.json())));
addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openChat(event.notification.data.conv));
});
