// Who types, and whether the other one of the open chat is here: told at most once, kept nowhere, over by itself.

import { presence, typing } from "./protocol.js";

// One's own typing is said at most this often; another's is over unless it is said again.
const SAID_MS = 3000;
const OVER_MS = 6000;
// The server tells of changes for a minute after it was asked.
const ASK_MS = 25000;

export class Presence {
  // `say(frame)`: to the server, if it hears. `changed(conv)`: something is to be drawn anew; null for any.
  constructor({ say, changed, now = () => performance.now() }) {
    Object.assign(this, { say, changed, now, typists: new Map(), watched: null, person: null, said: {} });
    setInterval(() => this.ask(), ASK_MS);
    document.addEventListener("visibilitychange", () => this.ask());
  }

  // This person writes something in a chat.
  wrote(conv) {
    const { said, now } = this;
    if (said.conv === conv && now() - said.at < SAID_MS) return;
    this.said = { conv, at: now() };
    this.say(typing(conv));
  }

  // The chat that is open, null for none: of its other one it is asked.
  watch(chat) {
    Object.assign(this, { watched: chat?.kind === "direct" && !chat.isLeft ? chat.id : null, person: null });
    this.ask();
  }

  ask() {
    if (this.watched && !document.hidden) this.say(presence(this.watched));
  }

  // Ids of who types there now.
  typing(conv) {
    return [...(this.typists.get(conv)?.keys() ?? [])];
  }

  // {id, online, last_seen_at}, or null: nothing is known.
  of(conv) {
    return conv === this.watched ? this.person : null;
  }

  on_typing({ conv, user }) {
    const typists = this.typists.get(conv) ?? new Map();
    clearTimeout(typists.get(user));
    typists.set(user, setTimeout(() => this.stopped(conv, user), OVER_MS));
    this.typists.set(conv, typists);
    this.changed(conv);
  }

  // Too long ago, or what was being written has come.
  stopped(conv, user) {
    const typists = this.typists.get(conv);
    if (!typists?.has(user)) return;
    clearTimeout(typists.get(user));
    typists.delete(user);
    this.changed(conv);
  }

  on_presence({ conv, people }) {
    if (conv !== this.watched) return;
    this.person = people[0] ?? null;
    this.changed(conv);
  }

  // Without a connection nothing is known of anybody.
  forget() {
    for (const typists of this.typists.values()) for (const timer of typists.values()) clearTimeout(timer);
    this.typists.clear();
    this.person = null;
    this.changed(null);
  }
}
