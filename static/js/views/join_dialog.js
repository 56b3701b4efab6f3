// What a link leads into, and joining it.

import { api } from "../group_api.js";
import { gettext, interpolate, ngettext } from "../words.js";
import { dialog } from "./dialog.js";
import { byId, dress } from "./dom.js";
import { number } from "./format.js";

const OVER = gettext("It has expired, was ended, or has let in as many people as it may. Ask whoever sent it to you for a new one.");

export class JoinDialog {
  constructor({ app }) {
    this.app = app;
    this.dialog = dialog("join-dialog");
    this.said = byId("join-said");
    this.button = byId("join");
    this.button.addEventListener("click", () => (this.isKnown ? this.#join() : this.#look()));
  }

  open(token) {
    this.token = token;
    this.#show(gettext("Invitation"), gettext("Looking at the link…"));
    this.dialog.showModal();
    return this.#look();
  }

  #show(title, note) {
    byId("join-avatar").hidden = true;
    byId("join-title").textContent = title;
    byId("join-note").textContent = note;
    this.button.hidden = true;
    this.said.textContent = "";
  }

  async #look() {
    const { token } = this;
    this.isKnown = false;
    const { value, problem } = await this.#busy(api("POST", "/invites/preview", { token }));
    if (token !== this.token) return;
    if (problem) this.#refuse(problem);
    else this.#preview(value);
  }

  #preview({ title, count }) {
    this.isKnown = true;
    this.#show(title, interpolate(ngettext("Group · %(count)s member", "Group · %(count)s members", count), { count: number.format(count) }));
    dress(byId("join-avatar"), title, this.token).hidden = false;
    this.button.textContent = gettext("Join group");
    this.button.hidden = false;
    this.button.focus();
  }

  async #join() {
    const { value, problem } = await this.#busy(api("POST", "/invites/join", { token: this.token }));
    if (problem) return this.#refuse(problem);
    this.dialog.close();
    this.app.open(value.id);
  }

  async #busy(answer) {
    this.button.setAttribute("aria-busy", "true");
    const told = await answer;
    this.button.removeAttribute("aria-busy");
    return told;
  }

  // What may go better the next time can be tried again.
  #refuse({ code, title }) {
    if (code === "NOT_FOUND") this.#show(gettext("This link does not work any more"), OVER);
    else if (code === "GROUP_FULL") this.#show(gettext("This group is full"), title);
    else if (this.isKnown) this.said.textContent = title;
    else {
      this.#show(gettext("Invitation"), title);
      this.button.textContent = gettext("Try again");
      this.button.hidden = false;
    }
  }
}
