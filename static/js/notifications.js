// Being told of messages while the page is closed. The switch is this browser's, and holds for the person who pressed it
// alone; whether it works is up to the browser, its push service and the server (subscribing.js), and each can say no.

export class Notifications {
  // `subscribing`: the part that asks them.
  constructor({ preferences, user, subscribing }) {
    Object.assign(this, { preferences, user, subscribing });
  }

  get isOn() {
    return this.whose === this.user && this.obstacle === null;
  }

  get whose() {
    return this.preferences.get("notifications");
  }

  // What stands in the way before anything is asked: a key of SAYS in subscribing.js, or null.
  get obstacle() {
    if (!navigator.serviceWorker || !globalThis.PushManager || !globalThis.Notification) return "no-worker";
    return Notification.permission === "denied" ? "blocked" : null;
  }

  // What is shown of chats in which nothing is unread any more, be it read here or on another device.
  async tidy(chats) {
    if (!this.isOn) return;
    const registration = await navigator.serviceWorker.getRegistration();
    for (const shown of (await registration?.getNotifications()) ?? []) if (!chats.get(shown.tag)?.unread) shown.close();
  }

  // At each start; nothing is loaded for who was never notified here.
  async resume() {
    if (this.whose) await (await this.subscribing.get())?.resume();
  }
}
