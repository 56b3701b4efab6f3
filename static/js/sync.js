// The engine between socket, database and state, as the views use it. When the database fails, nothing more is taken
// from the server: what cannot be stored is not acknowledged.
//
// Of several tabs one leads: it has the connection (Monitor), the others see what it sees (Relay); see peers.js.
//
// Events: state, ready, progress, stored, adopted, opened, left, info, refused.

import { Acks } from "./acks.js";
import { now, resumeClock } from "./clock.js";
import { Drafts } from "./drafts.js";
import { filesOfChats } from "./files.js";
import { History } from "./history.js";
import { Intake } from "./intake.js";
import { Keeper } from "./keeper.js";
import { late } from "./late.js";
import { Mender } from "./mender.js";
import { Monitor } from "./monitor.js";
import { Outbox } from "./outbox.js";
import { Peers } from "./peers.js";
import { Positions } from "./positions.js";
import { Presence } from "./presence.js";
import { Progress } from "./progress.js";
import * as protocol from "./protocol.js";
import { Relay } from "./relay.js";
import { Requests } from "./requests.js";
import { persist } from "./room.js";
import { gettext_noop } from "./words.js";

const WORDS = { unanswered: gettext_noop("The server did not answer."), stale: gettext_noop("It has waited for more than a day.") };
// Nothing but loading the page anew would help.
const ENDS = new Set(["signed-out", "superseded", "outdated", "no-storage", "stopped"]);
const FEW_COUNTERS = 20;
// With so much missing, what is newest is shown before the rest has come.
const FAR_BEHIND = 100;
const PREVIEW = 50;

export class Sync extends EventTarget {
  constructor({ me, device, chats, database, pulse }) {
    super();
    Object.assign(this, { me, device, chats, database, pulse, isReady: false, counters: { next: 0, end: 0 } });
    const transmit = (frame) => this.isReady && this.link.send(frame);
    const isOnline = () => this.isReady;
    this.peers = new Peers(this, `messenger-${device}`);
    this.acks = new Acks(transmit);
    this.files = filesOfChats(this);
    this.outbox = new Outbox({
      store: database.outbox,
      transmit,
      isOnline: () => this.isReady && this.peers.isLeading,
      changed: (conv) => this.#waitingChanged(conv),
      guard: (work) => this.guard(work),
      share: (news) => this.peers.tell({ t: "outbox", ...news }),
      uploads: this.files.uploads,
      words: WORDS,
      now,
    });
    this.drafts = new Drafts({ store: database.outbox, guard: (work) => this.guard(work), share: (draft) => this.peers.tell({ t: "draft", draft }) });
    this.history = new History({ database, transmit, isOnline });
    this.requests = new Requests({ transmit, isOnline });
    this.progress = new Progress((now) => this.tell("progress", now));
    this.mender = new Mender((conv, from, to) => this.history.fetch(conv, from, to), () => this.progress.isFlowing);
    this.positions = new Positions(chats);
    this.keeper = new Keeper(chats, database);
    this.presence = new Presence({ say: transmit, changed: (conv) => chats.changed(conv) });
    // What somebody was writing has come.
    this.addEventListener("stored", ({ detail: { chat, entries } }) => {
      for (const { sender } of entries) this.presence.stopped(chat.id, sender);
    });
    this.intake = new Intake(this);
    this.link = this.#relay();
  }

  #relay() {
    return new Relay({ tell: (news) => this.peers.tell(news), onState: (state, since) => this.#stateChanged(state, since) });
  }

  // What is stored is there at once, also without a network.
  async start() {
    this.epoch = await this.database.epoch();
    resumeClock(await this.database.ahead());
    this.downSince = await this.database.heard();
    // Before there is a chat that could be opened: news from another tab may come at any time.
    await this.drafts.load();
    for (const summary of await this.database.conversations()) this.chats.put(summary);
    for (const position of await this.database.positions()) {
      this.chats.get(position.conv)?.begin(position);
      this.chats.get(position.conv)?.see(position.seen);
    }
    await this.outbox.load();
    this.chats.changed(null);
    // Not before: what is stored is shown on a full disk, too.
    if (await this.#reserve()) this.peers.start();
  }

  // What another device of this person had not sent, and is on this one's disk now.
  inherit(items, drafts) {
    for (const item of items) {
      this.outbox.learn(item);
      this.peers.tell({ t: "outbox", item });
    }
    for (const draft of drafts) {
      this.drafts.learn(draft);
      this.peers.tell({ t: "draft", draft });
    }
  }

  // For good. `state` says why.
  stop(state) {
    this.intake.reset();
    this.link.stop(state);
  }

  // This tab signs out. Until all have heard of it none takes the lead.
  leave() {
    this.peers.isSigningOut = true;
    this.stop("signed-out");
  }

  // Among the tabs

  // This one has the connection from now on, and sends what is on disk, whoever has written it.
  async lead() {
    const since = this.link.state === "connected" ? now() : this.downSince;
    this.link.stop(null);
    this.#disconnected();
    const link = new Monitor({
      onOpen: () => this.#greet(),
      onFrame: (frame) => this.intake.take(frame),
      onState: (state, since) => this.#stateChanged(state, since),
      onHeartbeat: () => this.#beat(),
      pulse: this.pulse,
      since,
    });
    this.link = link;
    const isLoaded = await this.guard(async () => {
      await this.outbox.load();
      return true;
    });
    // Meanwhile the first tab may have signed out, or another one lead.
    if (isLoaded && this.link === link && !ENDS.has(link.state)) link.start();
  }

  // Another tab leads, since this one was not heard of for too long.
  follow() {
    this.link.retire();
    this.link = this.#relay();
    this.#stateChanged("connecting", now());
  }

  // The tab that leads says it for all.
  acknowledge(type, conv, seq, count) {
    if (this.peers.isLeading) this.acks.add(type, conv, seq, count);
  }

  // What the views ask for

  // True once it is on disk; it is shown then, and on its way.
  send(conv, body, replyTo, files) {
    const mentions = late.mentioned?.(body, this.chats.get(conv)) ?? [];
    return this.#add({ ...this.written(conv, body), reply_to: replyTo, ...(files?.length && { files }), ...(mentions.length && { mentions }) });
  }

  written(conv, body) {
    return { client_id: this.nextId(), conv, body, at: now() };
  }

  // A chat that was left is there for what waits in it.
  #waitingChanged(conv) {
    if (this.chats.get(conv)?.isLeft && !this.outbox.of(conv).length) this.forget(conv);
    else this.chats.changed(conv);
  }

  forget(conv) {
    this.chats.remove(conv);
    this.keeper.forget(conv);
  }

  #add(item) {
    return this.guard(async () => {
      await this.outbox.add(item);
      // A refusal changes nothing.
      persist().catch(() => {});
      return true;
    });
  }

  // Null when it is done, else why not.
  edit(chat, seq, body) {
    return this.requests.ask(protocol.edit(chat.id, seq, body));
  }

  // `whom`: for "me" or for "all".
  remove(chat, seq, whom) {
    return this.requests.ask(protocol.remove(chat.id, seq, whom));
  }

  // An entry that expired before it was delivered. Under one id until there is an answer.
  resend(chat, { seq, body, reply_to, attachments }) {
    const known = this.outbox.resendOf(chat.id, seq);
    if (known) return this.outbox.retryNow(known.client_id);
    return this.#add({ ...this.written(chat.id, body), kind: "resend", seq, reply_to, attachments });
  }

  openDirect(username) {
    this.isOpening = true;
    return this.#ask(protocol.open(username));
  }

  // Perhaps for another tab.
  opened(id) {
    if (this.isOpening) this.tell("opened", id);
    this.isOpening = false;
  }

  askInfo(...what) {
    return this.#ask(protocol.info(...what));
  }

  async markSeen(chat, seq) {
    if (seq <= chat.seen || seq > chat.received) return;
    chat.see(seq);
    this.acknowledge("SEEN", chat.id, seq);
    this.peers.tell({ t: "seen", conv: chat.id, seq });
    this.chats.changed(chat.id);
    this.keeper.soon([chat.id]);
    await this.guard(() => this.database.setPositions([chat.kept]));
  }

  isFarBehind(chat) {
    return this.isReady && chat.head - chat.received > FAR_BEHIND;
  }

  // The newest page at once, when what is below it will take its time.
  async previewed(chat) {
    if (chat.log.preview || chat.log.isDetached || !this.isFarBehind(chat)) return;
    const from = Math.max(chat.received + 1, chat.head - PREVIEW + 1);
    if (await this.history.fetch(chat.id, from, chat.head)) chat.log.startPreview(from);
    this.chats.changed(chat.id);
  }

  // False: there is nothing more that way, or it cannot be had now. `isStored`: only from what this device has.

  loadOlder(chat, isStored = false) {
    return this.#load(chat, () => this.history.older(chat, isStored));
  }

  loadNewer(chat) {
    return this.#load(chat, () => this.history.newer(chat));
  }

  loadAround(chat, seq, isStored = false) {
    return this.#load(chat, () => this.history.around(chat, seq, isStored));
  }

  async #load(chat, work) {
    const came = await this.guard(work);
    if (came) this.chats.changed(chat.id);
    return came;
  }

  quoted(chat, seq) {
    return this.guard(() => this.history.one(chat, seq));
  }

  // False: there is no connection to ask over.
  #ask(frame) {
    if (this.isReady) this.link.send(frame);
    return this.isReady;
  }

  // Of a message, or of a file.
  nextId() {
    const { next, end } = this.counters;
    this.counters.next += 1;
    if (next === end - FEW_COUNTERS) this.#reserve();
    // A tab that outruns the next block stays unique by its random tail.
    const counter = next < end ? next : `${next}x${crypto.getRandomValues(new Uint32Array(1))[0]}`;
    return protocol.clientId(this.device, counter, now());
  }

  #reserve() {
    return this.guard(async () => (this.counters = await this.database.reserveCounters()));
  }

  // The connection

  #greet() {
    this.intake.begin();
    this.peers.pass([{ t: "greet" }]);
    this.link.send(protocol.hello(this.device, this.epoch ?? null, this.positions.atHello()));
  }

  #beat() {
    this.link.send(protocol.ping(this.positions.atBeat()));
    this.#noteHeard();
  }

  // Worth no more than a try: the next beat does it again.
  #noteHeard() {
    this.database.setHeard(now()).catch(() => {});
  }

  #stateChanged(state, since) {
    this.downSince = state === "connected" ? undefined : (since ?? this.downSince);
    if (state !== "connected") this.#disconnected();
    else if (this.peers.isLeading) this.#noteHeard();
    if (ENDS.has(state)) this.peers.release();
    else this.peers.pass([{ t: "state", state, since }]);
    this.tell("state", { state, since });
  }

  #disconnected() {
    this.isReady = false;
    // What another tab has passed on is stored: it is shown still.
    if (this.peers.isLeading) this.intake.reset();
    this.acks.drop();
    this.outbox.pause();
    this.mender.drop();
    this.history.abandon();
    this.requests.abandon();
    this.progress.end();
    this.presence.forget();
  }

  // The server has told where everything stands: what waits may go out.
  ready() {
    this.isReady = true;
    this.progress.begin(this.chats.all);
    this.outbox.resend();
    this.presence.ask();
    this.tell("ready");
  }

  tell(event, detail) {
    this.dispatchEvent(new CustomEvent(event, { detail }));
  }

  // Only a failing database is met here: everything else that is wrong shows as an error in the console.
  async guard(work) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      // Closed because another tab has taken the database: that was told already.
      if (!ENDS.has(this.link.state)) this.stop("no-storage");
      return undefined;
    }
  }
}
