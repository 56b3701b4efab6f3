// What is this device's own: its look, its language, what Enter does, whether it notifies.

import { ask } from "../http.js";
import { loadAnew } from "../install.js";
import { SAYS, Subscribing } from "../subscribing.js";
import { gettext } from "../words.js";
import { byId } from "./dom.js";

const touch = matchMedia("(hover: none) and (pointer: coarse)");

export class DeviceOwnSection {
  constructor({ preferences, notifications }) {
    Object.assign(this, { preferences, notifications, subscribing: new Subscribing(notifications) });
    this.theme = byId("theme");
    this.enter = byId("enter-sends");
    this.bell = byId("notifications");
    this.theme.addEventListener("change", ({ target }) => preferences.set("theme", target.value));
    this.enter.addEventListener("change", () => preferences.set("enter", this.enter.checked ? "send" : "line"));
    byId("language").addEventListener("change", ({ target }) => this.#speak(target));
    this.bell.addEventListener("change", () => this.#ring());
    preferences.addEventListener("change", () => this.draw());
  }

  draw() {
    const { preferences, notifications } = this;
    const theme = preferences.get("theme") ?? "system";
    for (const radio of this.theme.querySelectorAll("input")) radio.checked = radio.value === theme;
    const sends = (preferences.get("enter") ?? (touch.matches ? "line" : "send")) === "send";
    this.enter.checked = sends;
    byId("enter-note").textContent = sends ? gettext("Shift+Enter makes a new line.") : gettext("Enter makes a new line, Ctrl+Enter sends.");
    if (!this.isRinging) this.bell.checked = notifications.isOn;
    if (notifications.obstacle) this.#say(SAYS[notifications.obstacle]);
    this.bell.disabled = notifications.obstacle !== null;
  }

  // Every text comes anew with the page. Without the server it stays as it is.
  async #speak(field) {
    const { problem } = await ask("POST", "/language", new URLSearchParams({ language: field.value }));
    if (!problem) await loadAnew();
    else field.value = document.documentElement.lang;
    byId("language-said").textContent = problem?.title ?? "";
  }

  async #ring() {
    this.isRinging = true;
    this.#say("");
    const why = await (this.bell.checked ? this.subscribing.switchOn() : this.subscribing.switchOff());
    this.isRinging = false;
    this.draw();
    if (why) this.#say(why);
  }

  #say(text) {
    byId("notifications-said").textContent = text;
  }
}
