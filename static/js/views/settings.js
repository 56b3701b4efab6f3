// The settings. What is the server's (name, receipts, devices, password) is read anew each time they are opened, and
// cannot be changed without it; the rest is this device's own.

import { ask } from "../http.js";
import { gettext, interpolate } from "../words.js";
import { dialog } from "./dialog.js";
import { byId } from "./dom.js";
import { AccountSection } from "./settings_account.js";
import { BlockedSection } from "./settings_blocked.js";
import { DevicesSection } from "./settings_devices.js";
import { DeviceOwnSection } from "./settings_own.js";
import { PasswordSection } from "./settings_password.js";

const ACCOUNT = "/account";
// The same by their ids, and by their names to the server.
const SWITCHES = ["read-receipts", "shows-presence"];
const nameOf = (id) => id.replace("-", "_");

export class SettingsDialog {
  // `onRenamed(name)`: what this person is called from now on.
  constructor({ preferences, notifications, onRenamed, leave, sync }) {
    this.onRenamed = onRenamed;
    this.dialog = dialog("settings-dialog");
    this.name = byId("profile-name");
    this.own = new DeviceOwnSection({ preferences, notifications });
    this.devices = new DevicesSection({ onChanged: () => this.#load() });
    this.blocked = new BlockedSection({ unblock: (user) => sync.requests.ask({ t: "unblock", user }), onChanged: () => this.#readBlocked() });
    this.password = new PasswordSection();
    this.account = new AccountSection({ leave });
    byId("profile-form").addEventListener("submit", (event) => this.#rename(event));
    for (const each of SWITCHES) byId(each).addEventListener("change", ({ target }) => this.#switch(target));
    byId("writers").addEventListener("change", () => this.#choose());
  }

  open() {
    for (const said of this.dialog.querySelectorAll(".said")) said.textContent = "";
    this.own.draw();
    this.password.clear();
    this.account.clear();
    this.#enable(false);
    this.dialog.showModal();
    return this.#load();
  }

  async #load() {
    const { value, problem } = await ask("GET", ACCOUNT);
    byId("settings-problem").hidden = !problem;
    byId("settings-problem").textContent = problem ? `${problem.title} ${gettext("Only what belongs to this device can be set now.")}` : "";
    this.#enable(!problem);
    if (value) this.#show(value);
  }

  // What is being typed elsewhere in the form stays.
  async #readBlocked() {
    const { value } = await ask("GET", ACCOUNT);
    if (value) this.blocked.show(value.blocked);
  }

  #enable(isOn) {
    for (const section of this.dialog.querySelectorAll("[data-of-server]")) section.inert = !isOn;
  }

  #show(account) {
    const { username, name, devices } = account;
    this.name.value = name === username ? "" : name;
    this.name.placeholder = username;
    byId("profile-help").textContent = interpolate(gettext("Others find you as @%(username)s."), { username });
    byId("password-username").value = username;
    for (const each of SWITCHES) byId(each).checked = account[nameOf(each)];
    this.writers = byId("writers").value = account.writers;
    this.blocked.show(account.blocked);
    this.devices.show(devices);
    this.account.show(account);
  }

  async #rename(event) {
    event.preventDefault();
    const name = this.name.value.trim();
    const { problem } = await ask("PATCH", ACCOUNT, { name });
    byId("profile-said").textContent = problem?.title ?? gettext("Saved. Others see it when they next connect.");
    if (!problem) this.onRenamed(name || this.name.placeholder);
  }

  async #choose() {
    const field = byId("writers");
    const { problem } = await ask("PATCH", ACCOUNT, { writers: field.value });
    if (problem) field.value = this.writers;
    this.writers = field.value;
    byId("writers-said").textContent = problem?.title ?? "";
  }

  // As it was, if the server has not taken it.
  async #switch(box) {
    const wanted = box.checked;
    const { problem } = await ask("PATCH", ACCOUNT, { [nameOf(box.id)]: wanted });
    if (problem) box.checked = !wanted;
    byId(`${box.id}-said`).textContent = problem?.title ?? "";
  }
}
