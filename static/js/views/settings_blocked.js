// Whom this person has blocked, each to be let in again.

import { said } from "../lazy.js";
import { gettext, interpolate, isolated } from "../words.js";
import { avatar, byId, h } from "./dom.js";

export class BlockedSection {
  // `unblock(user)`: why it was refused, null: it was not.
  constructor({ unblock, onChanged }) {
    Object.assign(this, { unblock, onChanged, list: byId("blocked") });
  }

  show(people) {
    this.list.replaceChildren(...people.map((person) => this.#row(person)));
    byId("blocked-nobody").hidden = people.length > 0;
  }

  #row({ id, name, username }) {
    const label = interpolate(gettext("Unblock %(name)s"), { name: isolated(name) });
    const button = h("button", { class: "button quiet", type: "button", "aria-label": label, onclick: () => this.#letIn(id) }, gettext("Unblock"));
    const who = h("span", { class: "option-text" }, h("span", { dir: "auto" }, name), h("span", { class: "option-note" }, `@${username}`));
    return h("li", {}, avatar(name, id), who, button);
  }

  async #letIn(id) {
    const refusal = await this.unblock(id);
    byId("blocked-said").textContent = refusal ? await said(refusal.text ?? gettext("You are offline: this needs the connection.")) : "";
    await this.onChanged();
    // The button that was pressed is gone.
    if (!this.list.contains(document.activeElement)) byId("settings-title").focus();
  }
}
