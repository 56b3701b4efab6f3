// Who is in a conversation, what each is called, and how far they have got.

import { raise } from "./order.js";
import { gettext } from "./words.js";

// The usernames of accounts that are gone; nobody can choose one of that length.
const GONE = /^deleted-[0-9a-f]{32}$/u;
const PAST = 50;
const nameOf = (member) => (GONE.test(member.username) ? gettext("Deleted account") : member.name);

export class Roster {
  constructor(me) {
    Object.assign(this, { me, title: null, members: [], count: 0, known: new Map() });
  }

  // Watermarks are merged, all else is as it is now. Of a large group the server names some of `count`: while nobody has
  // come or gone (`rev`), who was named before is still in it; after that only known by name (`past`).
  update({ title, members, count = members.length, members_rev: rev, past = [] }) {
    const before = new Map(this.members.map((member) => [member.id, member]));
    const merged = members.map((member) => {
      const { delivered, seen } = before.get(member.id) ?? member;
      return { ...member, delivered: Math.max(member.delivered, delivered), seen: Math.max(member.seen, seen) };
    });
    for (const { id } of members) before.delete(id);
    const isLarge = merged.length < count;
    const isSame = isLarge && rev === this.rev;
    Object.assign(this, { title: title ?? null, count, rev, isLarge, members: isSame ? [...merged, ...before.values()] : merged });
    for (const member of [...past, ...before.values(), ...merged]) this.known.set(member.id, member);
  }

  // All of a large group, as asked for.
  fill(members, count, rev) {
    this.update({ title: this.title, members, count, members_rev: rev });
    this.isLarge = true;
  }

  // Who was in it, and is still to be named: the latest of them.
  get past() {
    return [...this.known.values()].filter(({ id }) => !this.find(id)).slice(-PAST);
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
