// Where mails go to, a download of one's data, and the end of the account. The password is asked for once more.

import { ask } from "../http.js";
import { gettext } from "../words.js";
import { byId } from "./dom.js";

export class AccountSection {
  // `leave()`: the account is gone; what this browser holds of it goes, too.
  constructor({ leave }) {
    this.leave = leave;
    byId("email-form").addEventListener("submit", (event) => this.#setEmail(event));
    byId("deletion-form").addEventListener("submit", (event) => this.#delete(event));
  }

  show({ email }) {
    byId("email-address").value = email;
  }

  clear() {
    for (const id of ["email-password", "deletion-password"]) byId(id).value = "";
    for (const id of ["email", "email-password", "deletion-password"]) this.#fault(id, []);
  }

  async #setEmail(event) {
    event.preventDefault();
    const wish = { email: byId("email-address").value.trim(), password: byId("email-password").value };
    const { problem } = await ask("PUT", "/account/email", wish);
    if (!problem) this.clear();
    this.#fault("email", problem?.errors?.email ?? []);
    this.#fault("email-password", problem?.errors?.password ?? []);
    byId("email-said").textContent = problem ? (problem.errors ? "" : problem.title) : gettext("Saved.");
  }

  async #delete(event) {
    event.preventDefault();
    const { problem } = await ask("POST", "/account/deletion", { password: byId("deletion-password").value });
    if (!problem) return this.leave();
    this.#fault("deletion-password", problem.errors?.password ?? []);
    byId("deletion-said").textContent = problem.errors ? "" : problem.title;
    byId("deletion-password").focus();
  }

  #fault(id, texts) {
    const error = byId(`${id}-error`);
    error.hidden = texts.length === 0;
    error.textContent = texts.join(" ");
    byId(id === "email" ? "email-address" : id).setAttribute("aria-invalid", texts.length > 0);
  }
}
