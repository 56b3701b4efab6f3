// Frames about the connection and about which conversations there are.

import { setServerTime } from "./clock.js";
import { gettext, gettext_noop } from "./words.js";

const LEFT = gettext_noop("You were no longer in this chat.");
// Something waits for it, and it has not been heard of since the server began anew.
const unknown = (id) => ({ id, kind: "group", title: gettext("A chat that is gone"), members: [], head: 0, start: 1, seen: 0, last: null, unread: 0, left: true });

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

  async on_welcome({ user, device, epoch, heartbeat_ms, time, limits }) {
    const { sync } = this;
    // The page is older than its cookies: what comes is not for it, and what it has is another's to say.
    if (user.id !== sync.me || device !== sync.device) {
      sync.stop("superseded");
      return [];
    }
    sync.limits = limits;
    const ahead = setServerTime(time);
    // Worth no more than a try: the next welcome tells again.
    if (ahead !== null) sync.database.setAhead(ahead).catch(() => {});
    if (sync.epoch !== epoch) {
      sync.keeper.drop();
      if (sync.epoch) sync.chats.clear();
      if (sync.epoch) sync.drafts.endEdits();
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
    if (listed && !more && !opened) await this.#allListed(listed);
    for (const item of items) mender.watch(chats.get(item.id));
    keeper.soon(items.map((item) => item.id));
    chats.changed(null);
    if (opened) this.sync.opened(items[0].id);
  }

  // The list is whole, so what is not in it is not theirs any more.
  async #allListed(listed) {
    const { chats, outbox, drafts } = this.sync;
    const known = new Set([...chats.all.map(({ id }) => id), ...outbox.convs, ...drafts.convs]);
    for (const id of known) if (!listed.has(id)) await this.#leave(id);
    if (listed !== this.listed) return;
    this.listed = null;
    this.sync.ready();
  }

  on_members({ conv, ...now }) {
    const { chats, keeper } = this.sync;
    chats.get(conv)?.enact(now);
    chats.changed(conv);
    keeper.soon([conv]);
  }

  on_left({ conv }) {
    return this.#leave(conv);
  }

  // Each tab does this: the first one finds what waits, the others what the first has made of it.
  async #leave(conv) {
    const { chats, database, drafts, outbox } = this.sync;
    await drafts.kept();
    const chat = chats.joined(conv);
    const summary = chats.get(conv)?.left ?? unknown(conv);
    const kept = await database.leave(summary, LEFT, (body) => this.sync.written(conv, body));
    drafts.forget(conv);
    if (kept.length) chats.put(summary);
    else this.sync.forget(conv);
    if (chat) this.sync.tell("left", chat);
    outbox.replace(conv, kept);
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
