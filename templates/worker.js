{% load i18n %}{% translate "New message" as body %}{% translate "Messenger" as name %}// The service worker: opens the app without a network, and shows what a push tells of.
//
// Of the site it keeps the files the page is made of, which carry their hashes, and the page itself as it came last. The
// page comes from the network while there is one; it is kept only for who is signed in, and goes at sign-out.

const ASSETS = {{ assets|safe }};
const FILES = `files ${hash(ASSETS.join())}`;
const PAGES = "pages";
// Whoever comes in by one of these may be somebody else.
const DOORS = ["{% url 'sign-in' %}", "{% url 'sign-up' %}"];
const PAGE_TIMEOUT_MS = 3000;

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
  for (const name of await caches.keys()) if (name.startsWith("files ") && name !== FILES) await caches.delete(name);
  await self.clients.claim();
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

async function page(request) {
  const kept = await caches.match("/", { cacheName: PAGES });
  const fetched = fetchPage(request);
  if (!kept) return fetched;
  // A network that says nothing is none.
  const late = new Promise((resolve) => setTimeout(resolve, PAGE_TIMEOUT_MS, kept));
  return Promise.race([fetched.catch(() => kept), late]);
}

addEventListener("install", (event) => event.waitUntil(install()));
addEventListener("activate", (event) => event.waitUntil(activate()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.mode === "navigate" && DOORS.includes(pathname)) event.waitUntil(forgetPage());
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && pathname === "/") event.respondWith(page(request));
  else if (ASSETS.includes(pathname)) event.respondWith(file(request));
});

// A push says only where there is something, never what. One notification a conversation; it goes when it was read.
async function notify({ t, conv, title }) {
  for (const shown of await registration.getNotifications({ tag: conv })) shown.close();
  if (t !== "wake") return;
  const options = { body: "{{ body|escapejs }}", tag: conv, renotify: true, icon: "{{ icon }}", badge: "{{ icon }}", data: { conv } };
  await registration.showNotification(title || "{{ name|escapejs }}", options);
}

async function openChat(conv) {
  const [open] = await clients.matchAll({ type: "window" });
  if (!open) return clients.openWindow(`/#${conv}`);
  open.postMessage({ t: "open", conv });
  return open.focus();
}

addEventListener("push", (event) => event.waitUntil(notify(event.data.json())));
addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openChat(event.notification.data.conv));
});
