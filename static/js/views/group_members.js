// Who is in a group, and what can be done with each. Who may do what is the server's to say (chat/policy/groups.py); here
// stands what is offered.

import { finds } from "../fold.js";
import { gettext, interpolate } from "../words.js";
import { avatar, byId, h, svg } from "./dom.js";
import { MessageMenu } from "./menu.js";
import { Rows } from "./rows.js";

const PAGE = 50;
const MORE = "M12 6h.01M12 12h.01M12 18h.01";
const RANKS = { owner: 0, admin: 1, member: 2 };
const ROLES = { owner: gettext("Owner"), admin: gettext("Admin") };
const isAdmin = (role) => RANKS[role] < RANKS.member;
// Below that there is nothing to look for.
const MANY = 10;

export class MembersSection {
  // `act(method, path, body)`: true once it is done.
  constructor({ groups, confirm, act }) {
    Object.assign(this, { groups, confirm, act });
    this.list = byId("group-members");
    this.rows = new Rows(this.list);
    this.search = byId("member-search");
    this.search.addEventListener("input", () => this.draw());
    this.menu = new MessageMenu({ element: byId("member-menu"), list: this.list, itemsOf: (member) => this.#items(member), entryOf: () => undefined });
    byId("more-members").addEventListener("click", () => this.#more());
    byId("add-people").addEventListener("click", ({ currentTarget }) => this.groups.add(this.chat, currentTarget));
  }

  open(chat) {
    Object.assign(this, { chat, shown: PAGE });
    this.search.value = "";
    this.rows.clear();
  }

  draw() {
    const { roster, adding } = this.chat;
    const found = this.#found;
    // Of a large group one's own role may not be known yet.
    byId("add-people").hidden = adding === "everyone" ? !roster.role : !isAdmin(roster.role);
    this.search.hidden = roster.count <= MANY;
    this.rows.draw(found.slice(0, this.shown).map((member) => this.#plan(member)));
    byId("more-members").hidden = found.length <= this.shown;
    byId("members-said").textContent = this.#said(found.length);
  }

  #said(found) {
    if (!this.chat.roster.isWhole) return gettext("The other members are not known here yet: they come as soon as there is a connection.");
    return found ? "" : gettext("No member by that name.");
  }

  // Oneself, then owner and admins, then everyone by name.
  get #found() {
    const { roster } = this.chat;
    const query = this.search.value.trim().replace(/^@/u, "");
    const rank = ({ id, role }) => (id === roster.me ? -1 : RANKS[role]);
    const members = roster.members.filter(({ name, username }) => !query || finds(query, [name, username]));
    return members.sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name));
  }

  #more() {
    const before = this.shown;
    this.shown += PAGE;
    this.draw();
    this.list.children[before]?.querySelector("button")?.focus();
  }

  #plan(member) {
    const { roster } = this.chat;
    return { id: member.id, look: `${member.name} ${member.role} ${roster.role}`, make: () => this.#row(member) };
  }

  #row(member) {
    const name = this.chat.roster.nameOf(member.id);
    const label = interpolate(gettext("What to do with %(name)s"), { name });
    const open = ({ currentTarget }) => this.menu.open({ ...member, client_id: member.id }, currentTarget);
    const more = h("button", { class: "icon-button more", type: "button", "aria-label": label, title: label, "aria-haspopup": "menu", "aria-expanded": "false", onclick: open }, svg("0 0 24 24", MORE));
    const names = h("span", { class: "option-text" }, h("span", { class: "member-name", dir: "auto" }, name), h("span", { class: "option-note", dir: "auto" }, `@${member.username}`));
    const role = ROLES[member.role] && h("span", { class: "role" }, ROLES[member.role]);
    return h("li", { "data-client-id": member.id }, avatar(member.name, member.id), names, role, member.id !== this.chat.me && more);
  }

  #items({ id, name, username, role }) {
    const mine = this.chat.roster.role;
    const give = (to) => this.act("PUT", `/members/${id}/role`, { role: to });
    return [
      [gettext("Send a message"), (opener) => this.groups.app.newChat.use((dialog) => dialog.start(username), opener)],
      isAdmin(mine) && role === "member" && [gettext("Make an admin"), () => give("admin")],
      mine === "owner" && role === "admin" && [gettext("Dismiss as an admin"), () => give("member")],
      mine === "owner" && [gettext("Hand the group over"), () => this.#handOver(name, give)],
      RANKS[mine] < RANKS[role] && [gettext("Remove from the group"), () => this.#remove(id, name), true],
    ].filter(Boolean);
  }

  async #handOver(name, give) {
    const title = interpolate(gettext("Hand the group over to %(name)s?"), { name });
    const text = gettext("You stay in it as an admin. Only the new owner can give it back.");
    if (await this.confirm.ask({ title, text, yes: gettext("Hand over") })) await give("owner");
  }

  async #remove(id, name) {
    const title = interpolate(gettext("Remove %(name)s?"), { name });
    const text = gettext("They read nothing of what is written from now on, and come back only when somebody adds them.");
    if (await this.confirm.ask({ title, text, yes: gettext("Remove") })) await this.act("DELETE", `/members/${id}`);
  }
}
