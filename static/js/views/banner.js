// The state of the connection, said plainly, and only when there is something to say.

import { byId, h } from "./dom.js";
import { time } from "./format.js";

const PATIENCE_MS = 1500;

const signIn = () => h("a", { href: "/sign-in/" }, "Sign in again");
const reload = () => h("button", { type: "button", onclick: () => location.reload() }, "Reload");

const SAYS = {
  connecting: (since) => [`Offline since ${time(since)}. Connecting…`],
  waiting: (since) => [`Offline since ${time(since)}. Messages wait here and go out when the connection is back.`],
  "signed-out": () => ["You are signed out on this device. ", signIn()],
  "no-storage": () => [
    "This browser cannot store messages: its storage is full or switched off (a private window?). Nothing is lost, but nothing can be received here. ",
    reload(),
  ],
  stopped: () => ["The server does not understand this page. It may be an old one. ", reload()],
};
const LASTING = new Set(["signed-out", "no-storage", "stopped"]);

export class BannerView {
  constructor() {
    this.element = byId("banner");
  }

  show({ state, since }) {
    clearTimeout(this.timer);
    if (state === "connected") this.element.hidden = true;
    // A hiccup shorter than this is nobody's concern.
    else this.timer = setTimeout(() => this.#say(state, since), LASTING.has(state) ? 0 : PATIENCE_MS - (Date.now() - since));
  }

  #say(state, since) {
    this.element.dataset.state = state;
    this.element.replaceChildren(...SAYS[state](since));
    this.element.hidden = false;
  }
}
