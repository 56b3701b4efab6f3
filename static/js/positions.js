// Where this device stands, told at hello and in heartbeats until the server has echoed it as stored. The server's
// echo also says how far its person has seen elsewhere, so chats with unread messages ask for it.

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
    const asking = this.#begun().filter((chat) => chat.unread || !this.#isStored(chat.position));
    return asking.slice(0, MAX_POSITIONS).map((chat) => chat.position);
  }

  // True if something has been seen elsewhere.
  echoed(positions) {
    let rose = false;
    for (const position of positions) {
      this.stored.set(position.conv, position);
      const chat = this.chats.get(position.conv);
      rose = (chat && position.seen > chat.seen) || rose;
      chat?.see(position.seen);
    }
    return rose;
  }

  #begun() {
    return this.chats.ordered().filter((chat) => chat.cursor);
  }

  #isStored({ conv, received, seen }) {
    const stored = this.stored.get(conv);
    return stored && stored.received >= received && stored.seen >= seen;
  }
}
