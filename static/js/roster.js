// Who is in a conversation, what each is called, and how far they have got.

import { raise } from "./order.js";
import { gettext } from "./words.js";

// The usernames of accounts that are gone; nobody can choose one of that length.
const GONE = /^deleted-[0-9a-f]{32}$/u;
const nameOf = (member) => (GONE.test(member.username) ? gettext("Deleted account") : member.name);

export class Roster {
  constructor(me) {
    Object.assign(this, { me, title: null, members: [], count: 0 });
  }

  // Watermarks are merged, all else is as it is now. Of a large group the server names some of `count`.
  update(title, members, count = members.length) {
    this.count = count;
    const known = new Map(this.members.map((member) => [member.id, member]));
    this.title = title ?? null;
    this.members = members.map((member) => {
      const before = known.get(member.id) ?? member;
      return { ...member, delivered: Math.max(member.delivered, before.delivered), seen: Math.max(member.seen, before.seen) };
    });
  }

  get isWhole() {
    return this.members.length >= this.count;
  }

  get others() {
    return this.members.filter((member) => member.id !== this.me);
  }

  get name() {
    return this.title || this.others.map(nameOf).join(", ") || nameOf(this.members[0]);
  }

  nameOf(userId) {
    if (userId === this.me) return gettext("You");
    const member = this.#member(userId);
    return member ? nameOf(member) : gettext("Someone who left");
  }

  // Whether it was news.
  raise(userId, type, seq) {
    const member = this.#member(userId);
    return member ? raise(member, type, seq) : false;
  }

  // What expired for someone before they took it: all of it. None: none any more.
  lapse(userId, lapsed) {
    const member = this.#member(userId);
    if (member) member.lapsed = lapsed;
  }

  #member(userId) {
    return this.members.find((member) => member.id === userId);
  }
}
