// Changing the password: the other devices have to sign in again, this one has not.

import { ask } from "../http.js";
import { gettext } from "../words.js";
import { byId } from "./dom.js";

const FIELDS = ["old", "new"];

export class PasswordSection {
  constructor() {
    byId("password-form").addEventListener("submit", (event) => this.#submit(event));
  }

  clear() {
    for (const name of FIELDS) {
      byId(`password-${name}`).value = "";
      this.#fault(name, []);
    }
  }

  async #submit(event) {
    event.preventDefault();
    const [old, fresh] = FIELDS.map((name) => byId(`password-${name}`).value);
    const { problem } = await ask("POST", "/account/password", { old, new: fresh });
    if (!problem) this.clear();
    for (const name of FIELDS) this.#fault(name, problem?.errors?.[name] ?? []);
    byId("password-said").textContent = problem ? (problem.errors ? "" : problem.title) : gettext("Changed. Your other devices have to sign in again.");
    const wrong = FIELDS.find((name) => problem?.errors?.[name]);
    if (wrong) byId(`password-${wrong}`).focus();
  }

  #fault(name, texts) {
    const error = byId(`password-${name}-error`);
    error.hidden = texts.length === 0;
    error.textContent = texts.join(" ");
    byId(`password-${name}`).setAttribute("aria-invalid", texts.length > 0);
  }
}
