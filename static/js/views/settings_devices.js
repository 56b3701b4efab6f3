// The devices that can act for this person, each to be signed out.

import { ask } from "../http.js";
import { gettext, interpolate } from "../words.js";
import { byId, h } from "./dom.js";
import { day } from "./format.js";

const DOOR = "/account/devices";

export class DevicesSection {
  constructor({ onChanged }) {
    this.onChanged = onChanged;
    this.list = byId("devices");
    this.others = byId("revoke-others");
    this.others.addEventListener("click", () => this.#signOut(DOOR));
  }

  show(devices) {
    this.list.replaceChildren(...devices.map((device) => this.#row(device)));
    this.others.hidden = devices.length < 3;
  }

  #row({ id, name, is_this, created_at, last_seen_at }) {
    const label = name || gettext("A device");
    const note = is_this ? gettext("This device") : interpolate(gettext("Last connected: %(day)s"), { day: day(last_seen_at ?? created_at) });
    const signOut = () => this.#signOut(`${DOOR}/${id}`);
    const button = h("button", { class: "button quiet danger-text", type: "button", "aria-label": interpolate(gettext("Sign out %(device)s"), { device: label }), onclick: signOut }, gettext("Sign out"));
    return h("li", {}, h("span", { class: "option-text" }, h("span", { dir: "auto" }, label), h("span", { class: "option-note" }, note)), !is_this && button);
  }

  async #signOut(door) {
    const { problem } = await ask("DELETE", door);
    byId("devices-said").textContent = problem?.title ?? gettext("Signed out. It takes a moment until it notices.");
    await this.onChanged();
    // The button that was pressed is gone.
    if (!this.list.contains(document.activeElement)) byId("settings-title").focus();
  }
}
