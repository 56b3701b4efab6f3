// Being told of messages while the page is closed. The switch is this browser's, and holds for the person who pressed it
// alone; whether it works is up to the browser, its push service and the server, and each can say no.

import { ask } from "./http.js";
import { gettext } from "./words.js";

const DOOR = "/push/subscription";

export const SAYS = {
  "no-worker": gettext("Notifications need a secure connection (https) and a browser that supports them."),
  blocked: gettext("This browser blocks notifications from this site. Allow them in its settings for the site first."),
  PUSH_OFF: gettext("This server sends no notifications."),
  unreachable: gettext("The browser could not reach its push service. Try again later."),
};

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const isSame = (buffer, key) => buffer && bytes(key).every((byte, at) => new Uint8Array(buffer)[at] === byte);

export class Notifications {
  constructor(preferences, user) {
    Object.assign(this, { preferences, user });
  }

  get isOn() {
    return this.#whose === this.user && this.obstacle === null;
  }

  get #whose() {
    return this.preferences.get("notifications");
  }

  // What stands in the way before anything is asked: a key of SAYS, or null.
  get obstacle() {
    if (!navigator.serviceWorker || !globalThis.PushManager || !globalThis.Notification) return "no-worker";
    return Notification.permission === "denied" ? "blocked" : null;
  }

  // Asks the person, if the browser has not yet: only after they have pressed something. Null, or why not.
  async switchOn() {
    if (this.obstacle) return SAYS[this.obstacle];
    const { value, problem } = await ask("GET", "/push/key");
    if (problem) return SAYS[problem.code] ?? problem.title;
    const permission = await Notification.requestPermission();
    if (permission === "denied") return SAYS.blocked;
    if (permission !== "granted") return gettext("Nothing was changed: the browser was not allowed to.");
    const why = await this.#subscribe(value.key);
    if (!why) this.preferences.set("notifications", this.user);
    return why;
  }

  async switchOff() {
    const { problem } = await ask("DELETE", DOOR);
    await this.forget();
    return problem && problem.code !== "PUSH_OFF" ? problem.title : null;
  }

  // Whoever uses this browser next is told nothing of this person's, nor for them.
  async forget() {
    this.preferences.set("notifications", undefined);
    const registration = await navigator.serviceWorker?.getRegistration();
    for (const shown of (await registration?.getNotifications()) ?? []) shown.close();
    await (await registration?.pushManager?.getSubscription())?.unsubscribe();
  }

  // What is shown of chats in which nothing is unread any more, be it read here or on another device.
  async tidy(chats) {
    if (!this.isOn) return;
    const registration = await navigator.serviceWorker.getRegistration();
    for (const shown of (await registration?.getNotifications()) ?? []) if (!chats.get(shown.tag)?.unread) shown.close();
  }

  // Subscriptions end by themselves: at each start there is one again. One that somebody else has left ends.
  async resume() {
    if (this.#whose && this.#whose !== this.user) await this.forget();
    if (!this.isOn || Notification.permission !== "granted") return;
    const { value } = await ask("GET", "/push/key");
    if (value) await this.#subscribe(value.key);
  }

  async #subscribe(key) {
    try {
      if (!(await navigator.serviceWorker.getRegistration())) return SAYS["no-worker"];
      const { pushManager } = await navigator.serviceWorker.ready;
      let subscription = await pushManager.getSubscription();
      if (subscription && !isSame(subscription.options.applicationServerKey, key)) {
        await subscription.unsubscribe();
        subscription = null;
      }
      subscription ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
      const { problem } = await ask("POST", DOOR, subscription);
      return problem ? (SAYS[problem.code] ?? problem.title) : null;
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      return error.name === "NotAllowedError" ? SAYS.blocked : SAYS.unreachable;
    }
  }
}
