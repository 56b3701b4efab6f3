// Frames about the connection and about which conversations there are.

import { setServerTime } from "./clock.js";

export class ListIntake {
  constructor(sync) {
    this.sync = sync;
  }

  begin() {
    this.listed = new Set();
  }

  reset() {
    this.listed = null;
  }

  // Of the tab that leads, for the others: the state of its connection, and that it has a new one.

  on_state({ state, since }) {
    this.sync.link.heard?.(state, since);
    return [];
  }

  on_greet() {
    this.begin();
    return [];
  }

  async on_welcome({ user, device, epoch, heartbeat_ms, time }) {
    const { sync } = this;
    // The page is older than its cookies: what comes is not for it, and what it has is another's to say.
    if (user.id !== sync.me || device !== sync.device) {
      sync.stop("superseded");
      return [];
    }
    setServerTime(time);
    if (sync.epoch !== epoch) {
      sync.keeper.drop();
      if (sync.epoch) sync.chats.clear();
      await sync.database.beginEpoch(epoch);
      sync.epoch = epoch;
    }
    sync.link.welcomed(heartbeat_ms);
  }

  // Where this device meets a conversation it did not know, it begins at the server's cursor for it: what is below
  // is history.
  async on_conversations({ items, more, opened }) {
    const { chats, database, keeper, mender } = this.sync;
    const { listed } = this;
    const fresh = [];
    for (const item of items) item.last = await database.latest(item.id, item.last);
    for (const item of items) {
      const chat = chats.put(item);
      listed?.add(item.id);
      if (!chat.log.cursor) fresh.push(chat);
      if (!chat.log.cursor) chat.begin({ received: item.received, rev: item.received_rev });
    }
    if (fresh.length) await database.setPositions(fresh.map((chat) => chat.kept));
    for (const chat of items.map(({ id }) => chats.get(id))) {
      if (!chat.last && chat.head) chat.last = await database.newest(chat.id, chat.received + 1);
    }
    // Ended meanwhile: the list of the next connection counts.
    if (listed !== this.listed) return;
    if (listed && !more && !opened) this.#allListed();
    for (const item of items) mender.watch(chats.get(item.id));
    keeper.soon(items.map((item) => item.id));
    chats.changed(null);
    if (opened) this.sync.opened(items[0].id);
  }

  // The list is whole, so what is not in it is not theirs any more.
  #allListed() {
    for (const id of this.sync.chats.othersThan(this.listed)) this.#forget(id);
    this.listed = null;
    this.sync.ready();
  }

  on_members({ conv, title, members }) {
    const { chats, keeper } = this.sync;
    chats.get(conv)?.roster.update(title, members);
    chats.changed(conv);
    keeper.soon([conv]);
  }

  on_left({ conv }) {
    this.#forget(conv);
  }

  #forget(conv) {
    const { chats, keeper, outbox } = this.sync;
    outbox.forget(conv);
    chats.remove(conv);
    keeper.forget(conv);
  }

  on_sync_done() {
    this.sync.progress.end();
  }

  on_pong({ positions }) {
    this.sync.positions.echoed(positions);
    return [];
  }

  on_info(frame) {
    this.sync.tell("info", frame);
  }
}
