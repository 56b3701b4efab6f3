// What the tabs of one device tell each other. The leading one passes on what it has heard from the server and stored;
// the others ask it to say things. Unsent messages and drafts are told by whoever has written them to disk.
//
// The one that leads is heard of at every pulse. Who has not heard of it for SILENT pulses takes the lead. Pulses are
// counted, not time: when a computer wakes up, all tabs have slept alike.
//
// News: join (who leads?), here (the answer: where all stands), beat (it still does), frames (the server's, with `state`
// and `greet`: the connection has changed, is new), say (to the server), wake, seen, outbox, draft.

import { now } from "./clock.js";
import { Tabs } from "./tabs.js";

const SILENT = 3;
// Pulses that were held up come all at once: together they are one.
const APART_MS = 2000;

export class Peers {
  constructor(sync, name) {
    Object.assign(this, { sync, early: [], silence: 0, pulsedAt: -Infinity });
    this.tabs = new Tabs(name, {
      onLead: () => sync.lead(),
      onFollow: () => this.tabs.tell({ t: "join", from: this.tabs.id }),
      onLost: () => sync.follow(),
      onNews: (news) => this.#hear(news),
    });
  }

  // Everything on disk is known here. What was written to it meanwhile may be, too; what the server said comes with the
  // answer to join.
  start() {
    this.isStarted = true;
    for (const news of this.early.splice(0)) this.#hear(news);
    this.sync.pulse(() => this.#pulse());
    this.tabs.start();
  }

  #hear(news) {
    if (this.isOver) return;
    if (this.isStarted) this[`on_${news.t}`]?.(news);
    else if (news.t === "outbox" || news.t === "draft") this.early.push(news);
  }

  #pulse() {
    const at = performance.now();
    if (this.isOver || at - this.pulsedAt < APART_MS) return;
    this.pulsedAt = at;
    if (this.isLeading) this.tell({ t: "beat" });
    else this.#listen();
  }

  #listen() {
    this.silence += 1;
    if (this.silence < SILENT) return;
    this.sync.link.heard("waiting", this.heardAt ?? now());
    this.on_beat();
    this.tabs.seize();
  }

  on_beat() {
    Object.assign(this, { silence: 0, heardAt: now() });
  }

  // This tab is done, and hears of nothing any more.
  release() {
    this.isOver = true;
    if (!this.isSigningOut) this.tabs.release();
  }

  get isLeading() {
    return this.tabs.isLeading;
  }

  tell(news) {
    this.tabs.tell(news);
  }

  // What has been heard from the server, and stored.
  pass(frames) {
    if (this.tabs.isLeadingOthers && frames.length) this.tell({ t: "frames", frames });
  }

  on_join({ from }) {
    if (this.isLeading) this.tell({ t: "here", to: from, ...this.#standing() });
  }

  #standing() {
    const { epoch, isReady, link, progress, chats } = this.sync;
    const begun = chats.all.filter((chat) => chat.log.cursor && !chat.isLeft);
    const items = begun.map((chat) => ({ ...chat.summary, received: chat.received, received_rev: chat.rev, kept: chat.kept }));
    const isListing = this.sync.intake.list.listed !== null;
    return { epoch, isReady, isListing, isSyncing: progress.begun !== null, state: link.state, since: link.downSince, items };
  }

  // As if this tab had a connection, and were told where everything stands.
  // In the midst of the list (isListing) the rest of it is yet to be passed on.
  on_here({ to, epoch, isReady, isListing, isSyncing, state, since, items }) {
    const { sync } = this;
    if (to !== this.tabs.id || this.isLeading) return;
    sync.guard(() => sync.outbox.recheck());
    if (epoch !== sync.epoch) sync.chats.clear();
    sync.epoch = epoch;
    const changed = items.filter(({ id, kept }) => sync.chats.get(id)?.adopt(kept)).map(({ id }) => id);
    if (changed.length) sync.tell("adopted", changed);
    this.on_frames({
      frames: [
        { t: "state", state, since },
        ...(isReady || isListing ? [{ t: "greet" }] : []),
        { t: "conversations", items, more: !isReady },
        ...(isSyncing ? [] : [{ t: "sync_done" }]),
      ],
    });
  }

  on_frames({ frames }) {
    this.on_beat();
    if (!this.isLeading) for (const frame of frames) this.sync.intake.take(frame);
  }

  on_say({ frame }) {
    if (this.isLeading && this.sync.isReady) this.sync.link.send(frame);
  }

  on_wake() {
    if (this.isLeading) this.sync.link.wake();
  }

  on_seen({ conv, seq }) {
    const { chats } = this.sync;
    const chat = chats.get(conv);
    if (!chat || seq <= chat.seen) return;
    chat.see(seq);
    this.sync.acknowledge("SEEN", conv, seq);
    chats.changed(conv);
  }

  on_outbox({ item, gone, progress }) {
    const { outbox } = this.sync;
    if (item) outbox.learn(item);
    else if (progress) outbox.progressed(...progress);
    else outbox.drop(gone);
  }

  on_draft({ draft }) {
    this.sync.drafts.learn(draft);
  }
}
