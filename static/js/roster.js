// Who is in a conversation, what each is called, and how far they have got.

import { raise } from "./order.js";
import { gettext } from "./words.js";

// The usernames of accounts that are gone; nobody can choose one of that length.
const GONE = /^deleted-[0-9a-f]{32}$/u;
// Of more the server names some (chat/inbox/roster.py). As many of those who left are kept.
const FEW = 50;
const nameOf = (member) => (GONE.test(member.username) ? gettext("Deleted account") : member.name);

export class Roster {
  constructor(me) {
    Object.assign(this, { me, title: null, members: [], count: 0, known: new Map() });
  }

  // Watermarks are merged, all else is as it is now. Of a large group the server names some of `count`, or nobody: who was
  // named before stays in it until all are told, and is only known by name after that (`past`). All of them are known
  // (`isWhole`) as long as they have not become more.
  update({ title, picture, members, count = members.length, members_rev: rev, past = [] }) {
    const before = new Map(this.members.map((member) => [member.id, member]));
    const merged = members.map((member) => {
      const { delivered, seen } = before.get(member.id) ?? member;
      return { ...member, delivered: Math.max(member.delivered, delivered), seen: Math.max(member.seen, seen) };
    });
    for (const { id } of members) before.delete(id);
    const isAll = merged.length >= count;
    const isWhole = isAll || (this.isWhole && count <= this.count);
    Object.assign(this, { title: title ?? null, picture, count, rev, isWhole, members: isAll ? merged : [...merged, ...before.values()] });
    for (const member of [...past, ...before.values(), ...merged]) this.known.set(member.id, member);
  }

  // Who was in it, and is still to be named: the latest of them.
  get past() {
    return [...this.known.values()].filter(({ id }) => !this.find(id)).slice(-FEW);
  }

  get isLarge() {
    return this.count > FEW;
  }

  get others() {
    return this.members.filter((member) => member.id !== this.me);
  }

  get name() {
    return this.title || this.others.map(nameOf).join(", ") || nameOf(this.members[0]);
  }

  nameOf(userId) {
    if (userId === this.me) return gettext("You");
    const member = this.known.get(userId);
    return member ? nameOf(member) : gettext("Someone who left");
  }

  get role() {
    return this.find(this.me)?.role;
  }

  // Whether it was news.
  raise(userId, type, seq) {
    const member = this.find(userId);
    return member ? raise(member, type, seq) : false;
  }

  // What expired for someone before they took it: all of it. None: none any more.
  lapse(userId, lapsed) {
    const member = this.find(userId);
    if (member) member.lapsed = lapsed;
  }

  find(userId) {
    return this.members.find((member) => member.id === userId);
  }
}
