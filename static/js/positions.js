// Where this device stands, told at hello and in heartbeats until the server has echoed it as stored.

import { MAX_POSITIONS } from "./protocol.js";

export class Positions {
  constructor(chats) {
    this.chats = chats;
    this.stored = new Map();
  }

  // A new connection: the server says anew what it has stored.
  atHello() {
    this.stored.clear();
    return this.#begun().slice(0, MAX_POSITIONS).map((chat) => chat.position);
  }

  atBeat() {
    const unsure = this.#begun().map((chat) => chat.position).filter((position) => !this.#isStored(position));
    return unsure.slice(0, MAX_POSITIONS);
  }

  echoed(positions) {
    for (const position of positions) this.stored.set(position.conv, position);
  }

  #begun() {
    return this.chats.ordered().filter((chat) => chat.log.cursor && !chat.isLeft);
  }

  #isStored({ conv, received, rev, seen }) {
    const stored = this.stored.get(conv);
    return stored && stored.received >= received && stored.rev >= rev && stored.seen >= seen;
  }
}
