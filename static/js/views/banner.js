// The state of the connection, said plainly, and only when there is something to say; and how far this device has come
// with what it missed.

import { gettext, interpolate, ngettext } from "../words.js";
import { byId, h } from "./dom.js";
import { number, since as told } from "./format.js";

const PATIENCE_MS = 1500;
const PROGRESS_MS = 300;

const signIn = () => h("a", { href: "/sign-in/" }, gettext("Sign in again"));
const reload = () => h("button", { type: "button", onclick: () => location.reload() }, gettext("Reload"));

const waitingHere = (count) =>
  count && `${interpolate(ngettext("One message waits here until you are signed in again.", "%(count)s messages wait here until you are signed in again.", count), { count: number.format(count) })} `;

const SAYS = {
  connecting: (since) => [interpolate(gettext("Offline since %(time)s. Connecting…"), { time: told(since) })],
  waiting: (since) => [interpolate(gettext("Offline since %(time)s. Messages wait here and go out when the connection is back."), { time: told(since) })],
  "signed-out": (_, waiting) => [gettext("You are signed out on this device."), " ", waitingHere(waiting), signIn()],
  "no-storage": () => [
    gettext("This browser cannot store messages: its storage is full or switched off (a private window?). Nothing is lost, but nothing can be received here."),
    " ",
    reload(),
  ],
  outdated: () => [gettext("This page is older than another one that is open or was here."), " ", reload()],
  stopped: () => [gettext("The server does not understand this page. It may be an old one."), " ", reload()],
};
const LASTING = new Set(["signed-out", "outdated", "no-storage", "stopped"]);

export class BannerView {
  constructor() {
    this.element = byId("banner");
    this.syncing = byId("syncing");
  }

  // {done, total} entries; null: nothing is owed any more.
  progress(now) {
    if (now) {
      this.#count(now);
      this.later ??= setTimeout(() => (this.syncing.hidden = false), PROGRESS_MS);
    } else {
      clearTimeout(this.later);
      this.later = undefined;
      this.syncing.hidden = true;
    }
  }

  #count({ done, total }) {
    const figures = { done: number.format(done), total: number.format(total) };
    byId("syncing-text").textContent = total ? interpolate(gettext("Syncing %(done)s of %(total)s"), figures) : gettext("Syncing…");
    Object.assign(byId("syncing-bar"), { max: total || 1, value: done, hidden: !total });
  }

  // `waiting`: how many messages are not sent.
  show({ state, since, waiting = 0 }) {
    clearTimeout(this.timer);
    if (state === "connected") {
      this.element.hidden = true;
      this.downAt = undefined;
      return;
    }
    this.downAt ??= performance.now();
    // A hiccup shorter than this is nobody's concern.
    const patience = LASTING.has(state) ? 0 : PATIENCE_MS - (performance.now() - this.downAt);
    this.timer = setTimeout(() => this.#say(state, since, waiting), patience);
  }

  #say(state, since, waiting) {
    this.element.dataset.state = state;
    this.element.replaceChildren(...SAYS[state](since, waiting).filter(Boolean));
    this.element.hidden = false;
  }
}
