// Links by which people join a group: made, copied once, listed, ended. The server keeps none of their addresses.

import { now } from "../clock.js";
import { api } from "../group_api.js";
import { gettext, interpolate, ngettext } from "../words.js";
import { byId, h } from "./dom.js";
import { number, since } from "./format.js";

const DAY_MS = 24 * 60 * 60 * 1000;

const addressOf = (token) => `${location.origin}/join/#${token}`;

// A page that came over plain http from another machine has no clipboard.
async function isCopied(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    field.select();
    return document.execCommand("copy");
  }
}

export class LinksSection {
  constructor({ confirm }) {
    this.confirm = confirm;
    this.list = byId("group-links");
    this.said = byId("links-said");
    this.fresh = byId("new-link");
    this.address = byId("link-address");
    this.address.addEventListener("focus", () => this.address.select());
    byId("link-form").addEventListener("submit", (event) => this.#make(event));
    byId("copy-link").addEventListener("click", () => this.#copy());
  }

  open(chat) {
    this.chat = chat;
    this.fresh.hidden = true;
    this.said.textContent = "";
    this.list.replaceChildren();
    return this.#load();
  }

  async #load() {
    const { chat } = this;
    const { value, problem } = await api("GET", `/conversations/${chat.id}/invites`);
    if (chat !== this.chat) return;
    if (problem) this.said.textContent = problem.title;
    this.list.replaceChildren(...(value?.links ?? []).map((link) => this.#row(link)));
  }

  #row(link) {
    const { uses, max_uses: most, expires_at: end, creator } = link;
    const used = most ? interpolate(gettext("%(uses)s of %(most)s joined"), { uses: number.format(uses), most: number.format(most) }) : interpolate(ngettext("%(uses)s joined", "%(uses)s joined", uses), { uses: number.format(uses) });
    const until = end ? interpolate(gettext("good until %(time)s"), { time: since(end) }) : gettext("good until it is ended");
    const by = creator === this.chat.me ? gettext("Made by you") : interpolate(gettext("Made by %(name)s"), { name: this.chat.roster.nameOf(creator) });
    const button = h("button", { class: "button quiet danger-text", type: "button", onclick: () => this.#revoke(link) }, gettext("End"));
    return h("li", {}, h("span", { class: "option-text" }, h("span", { dir: "auto" }, by), h("span", { class: "option-note" }, `${used} · ${until}`)), button);
  }

  async #make(event) {
    event.preventDefault();
    if (this.isMaking) return;
    const { chat } = this;
    const [days, uses] = [Number(byId("link-days").value), Number(byId("link-uses").value)];
    const limits = { expires_at: days ? Math.round(now() + days * DAY_MS) : null, max_uses: uses || null };
    this.isMaking = true;
    const { value, problem } = await api("POST", `/conversations/${chat.id}/invites`, limits);
    this.isMaking = false;
    if (chat !== this.chat) return;
    this.said.textContent = problem?.title ?? "";
    this.fresh.hidden = !value;
    if (!value) return;
    this.address.value = addressOf(value.token);
    byId("copy-link").focus();
    await this.#load();
  }

  async #copy() {
    this.said.textContent = (await isCopied(this.address)) ? gettext("Copied.") : gettext("This browser does not let the text be copied.");
  }

  async #revoke({ id }) {
    const { chat } = this;
    const asked = { title: gettext("End this link?"), text: gettext("Nobody joins by it any more. Who has joined stays."), yes: gettext("End the link") };
    if (!(await this.confirm.ask(asked))) return;
    const { problem } = await api("DELETE", `/conversations/${chat.id}/invites/${id}`);
    if (chat !== this.chat) return;
    await this.#load();
    this.said.textContent = problem?.title ?? gettext("The link has ended.");
    if (!this.list.contains(document.activeElement)) byId("make-link").focus();
  }
}
