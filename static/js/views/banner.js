// The state of the connection, said plainly, and only when there is something to say.

import { byId } from "./dom.js";
import { time } from "./format.js";

const PATIENCE_MS = 1500;

export class BannerView {
  constructor() {
    this.element = byId("banner");
  }

  show({ state, since }) {
    clearTimeout(this.timer);
    if (state === "connected") this.element.hidden = true;
    // A hiccup shorter than this is nobody's concern.
    else this.timer = setTimeout(() => this.#say(state, since), Math.max(0, PATIENCE_MS - (Date.now() - since)));
  }

  #say(state, since) {
    const texts = {
      connecting: `Connecting… Offline since ${time(since)}.`,
      waiting: `Offline since ${time(since)}. Messages wait here and go out when the connection is back.`,
      "signed-out": "You are signed out. ",
    };
    this.element.textContent = texts[state];
    if (state === "signed-out") this.#offerSignIn();
    this.element.hidden = false;
  }

  #offerSignIn() {
    const link = document.createElement("a");
    link.href = "/sign-in/";
    link.textContent = "Sign in again";
    this.element.append(link);
  }
}
