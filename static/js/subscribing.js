// Switching notifications on and off: the browser's permission, its push service, and the server have a say.

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

async function subscribe(key) {
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

export class Subscribing {
  constructor(notifications) {
    this.notifications = notifications;
    this.preferences = notifications.preferences;
  }

  // Asks the person, if the browser has not yet: only after they have pressed something. Null, or why not.
  async switchOn() {
    const { obstacle, user } = this.notifications;
    if (obstacle) return SAYS[obstacle];
    const { value, problem } = await ask("GET", "/push/key");
    if (problem) return SAYS[problem.code] ?? problem.title;
    const permission = await Notification.requestPermission();
    if (permission === "denied") return SAYS.blocked;
    if (permission !== "granted") return gettext("Nothing was changed: the browser was not allowed to.");
    const why = await subscribe(value.key);
    if (!why) this.preferences.set("notifications", user);
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

  // Subscriptions end by themselves: at each start there is one again. One that somebody else has left ends.
  async resume() {
    const { whose, user } = this.notifications;
    if (whose !== user) await this.forget();
    if (!this.notifications.isOn || Notification.permission !== "granted") return;
    const { value } = await ask("GET", "/push/key");
    if (value) await subscribe(value.key);
  }
}
