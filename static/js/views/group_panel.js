// A chat's own screen: what it is called, whether it rings, by which rules it goes, who is in it, the links into it, and
// leaving it. It is drawn from what this device knows; what is changed asks the server, and is drawn when it is told.

import { now } from "../clock.js";
import { api, countOf } from "../group_api.js";
import { gettext, interpolate } from "../words.js";
import { Confirm } from "./confirm.js";
import { dialog } from "./dialog.js";
import { byId } from "./dom.js";
import { exact } from "./format.js";
import { GroupFace } from "./group_face.js";
import { LinksSection } from "./group_links.js";
import { MembersSection } from "./group_members.js";

const HOUR_MS = 60 * 60 * 1000;
// Later than anybody cares: the last moment the protocol knows (chat/protocol/base.py).
const ALWAYS = 253402300799999;
const MUTES = { hours: 8 * HOUR_MS, week: 7 * 24 * HOUR_MS };
const RULES = { adding: "group-adding", history: "group-history" };
const ADMINS = new Set(["owner", "admin"]);

export class GroupPanel {
  constructor(groups) {
    Object.assign(this, { groups, app: groups.app, confirm: new Confirm() });
    this.dialog = dialog("group-dialog");
    this.name = byId("group-name");
    this.said = byId("group-said");
    const act = (...asked) => this.act(...asked);
    this.members = new MembersSection({ groups, confirm: this.confirm, act });
    this.links = new LinksSection({ confirm: this.confirm });
    this.face = new GroupFace({ groups, say: (text) => (this.said.textContent = text) });
    byId("group-rename").addEventListener("submit", (event) => this.#rename(event));
    byId("group-mute").addEventListener("change", ({ target }) => this.#mute(target.value));
    for (const [rule, id] of Object.entries(RULES)) byId(id).addEventListener("change", ({ target }) => this.#rule(rule, target.value));
    byId("group-leave").addEventListener("click", () => this.#leave());
    byId("about").addEventListener("click", () => this.#about());
  }

  open(chat) {
    this.chat = chat;
    this.said.textContent = "";
    this.name.value = this.title = chat.roster.title ?? "";
    this.members.open(chat);
    this.links.chat = null;
    this.#draw();
    this.dialog.showModal();
  }

  close() {
    this.dialog.close();
    this.confirm.dialog.close();
  }

  // One that was left, or is in again, is another chat since (chats.js).
  refresh() {
    if (!this.dialog.open) return;
    const chat = this.app.chats.joined(this.chat.id);
    if (!chat) return this.close();
    this.chat = this.members.chat = chat;
    this.#draw();
  }

  get isAdmin() {
    return ADMINS.has(this.chat.roster.role) && this.chat.kind === "group";
  }

  // Whether it was done; otherwise it is said why not.
  async act(method, path, body) {
    this.said.textContent = "";
    const { problem } = await api(method, `/conversations/${this.chat.id}${path}`, body);
    this.said.textContent = problem?.title ?? "";
    if (problem) this.said.scrollIntoView({ block: "nearest" });
    return !problem;
  }

  #draw() {
    const { chat, isAdmin } = this;
    const isGroup = chat.kind === "group";
    byId("group-heading").textContent = chat.name;
    byId("group-note").textContent = isGroup ? countOf(chat.roster.count) : chat.roster.others.map(({ username }) => `@${username}`).join();
    byId("group-dialog-title").textContent = isGroup ? gettext("Group info") : gettext("Chat info");
    for (const section of this.dialog.querySelectorAll("[data-of-group]")) section.hidden = !isGroup;
    for (const section of this.dialog.querySelectorAll("[data-of-admins]")) section.hidden = !isAdmin;
    for (const section of this.dialog.querySelectorAll("[data-of-person]")) section.hidden = isGroup || !chat.roster.others.length;
    this.face.draw(chat, isAdmin);
    for (const [rule, id] of Object.entries(RULES)) this.#set(byId(id), chat[rule]);
    this.#drawMute();
    this.#drawName(chat.roster.title ?? "");
    if (isGroup) this.members.draw();
    if (isAdmin && this.links.chat !== chat) this.links.open(chat);
  }

  // What somebody is typing stays.
  #drawName(title) {
    if (title === this.title) return;
    if (this.name.value === this.title) this.name.value = title;
    this.title = title;
  }

  // Not while somebody is choosing.
  #set(select, value) {
    if (document.activeElement !== select) select.value = value;
  }

  #drawMute() {
    const { isMuted, mutedUntil } = this.chat;
    const isForever = mutedUntil >= ALWAYS;
    byId("group-muted-until").hidden = !isMuted || isForever;
    byId("group-muted-until").textContent = isMuted && !isForever ? interpolate(gettext("Until %(time)s"), { time: exact(mutedUntil) }) : "";
    this.#set(byId("group-mute"), isMuted ? (isForever ? "always" : "until") : "on");
  }

  async #mute(value) {
    const { chat } = this;
    const until = value in MUTES ? Math.round(now() + MUTES[value]) : { on: null, always: ALWAYS }[value];
    if (await this.act("PUT", "/mute", { until })) chat.mutedUntil = until;
    if (chat !== this.chat) return;
    byId("group-mute").blur();
    this.#drawMute();
    byId("group-mute").focus();
  }

  // In a dialog of its own, which would not come were the focus to go from what asked for it.
  #about() {
    const { chat, app } = this;
    this.close();
    app.acts.safety.use((part) => part.about(chat), document.activeElement);
  }

  async #rename(event) {
    event.preventDefault();
    const title = this.name.value.trim();
    if (title && (await this.#change({ title }))) this.said.textContent = gettext("Saved.");
  }

  async #rule(rule, value) {
    if (!(await this.#change({ [rule]: value }))) byId(RULES[rule]).value = this.chat[rule];
  }

  async #change(change) {
    const { problem } = await api("PATCH", `/groups/${this.chat.id}`, change);
    this.said.textContent = problem?.title ?? "";
    return !problem;
  }

  async #leave() {
    const { chat } = this;
    const title = interpolate(gettext("Leave “%(name)s”?"), { name: chat.name });
    const isLast = chat.roster.role === "owner" && chat.roster.count > 1;
    const text = isLast ? gettext("Somebody else will own the group: the admin who is in it longest, or else the member.") : gettext("Its messages go from your devices. You can come back when somebody adds you or sends you a link.");
    if (await this.confirm.ask({ title, text, yes: gettext("Leave group") })) await this.act("POST", "/leave");
  }
}
