// How far this device has come with what it missed while it was away: from the whole list of conversations to the
// server's word that all it owed at hello is stored.

const FLOWING_MS = 5000;

export class Progress {
  // `changed(now)`: {done, total} entries, null when nothing is owed any more.
  constructor(changed, now = () => performance.now()) {
    Object.assign(this, { changed, now, begun: null });
  }

  begin(chats) {
    this.begun = new Map(chats.map((chat) => [chat, { from: chat.received, head: chat.head }]));
    this.moved();
  }

  // Something has been stored.
  moved() {
    this.movedAt = this.now();
    if (this.begun) this.changed(this.#count());
  }

  end() {
    this.begun = null;
    this.changed(null);
  }

  // The server is at it: what is missing will come.
  get isFlowing() {
    return this.begun !== null && this.now() - this.movedAt < FLOWING_MS;
  }

  #count() {
    const found = { done: 0, total: 0 };
    for (const [chat, { from, head }] of this.begun) {
      found.total += Math.max(0, head - from);
      found.done += Math.max(0, Math.min(chat.received, head) - from);
    }
    return found;
  }
}
