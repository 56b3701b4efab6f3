// The engine between socket, database and state, as the views use it. When the database fails, nothing more is taken
// from the server: what cannot be stored is not acknowledged.
//
// Events: state, ready, progress, stored, opened, info, refused.

import { Acks } from "./acks.js";
import { now } from "./clock.js";
import { History } from "./history.js";
import { Intake } from "./intake.js";
import { Keeper } from "./keeper.js";
import { Mender } from "./mender.js";
import { Monitor } from "./monitor.js";
import { Outbox } from "./outbox.js";
import { Positions } from "./positions.js";
import { Progress } from "./progress.js";
import * as protocol from "./protocol.js";
import { Requests } from "./requests.js";

const UNANSWERED = "The server did not answer.";
const FEW_COUNTERS = 20;
// With so much missing, what is newest is shown before the rest has come.
const FAR_BEHIND = 100;
const PREVIEW = 50;

export class Sync extends EventTarget {
  constructor({ me, device, chats, database, pulse }) {
    super();
    Object.assign(this, { me, device, chats, database, isReady: false });
    const transmit = (frame) => this.isReady && this.monitor.send(frame);
    const isOnline = () => this.isReady;
    this.acks = new Acks(transmit);
    this.outbox = new Outbox({ transmit, isOnline, changed: (conv) => chats.changed(conv), unanswered: UNANSWERED });
    this.history = new History({ database, transmit, isOnline });
    this.requests = new Requests({ transmit, isOnline });
    this.progress = new Progress((now) => this.tell("progress", now));
    this.mender = new Mender((conv, from, to) => this.history.fetch(conv, from, to), () => this.progress.isFlowing);
    this.positions = new Positions(chats);
    this.keeper = new Keeper(chats, database);
    this.intake = new Intake(this);
    this.monitor = new Monitor({
      onOpen: () => this.#greet(),
      onFrame: (frame) => this.intake.take(frame),
      onState: (state, since) => this.#stateChanged(state, since),
      onHeartbeat: () => this.monitor.send(protocol.ping(this.positions.atBeat())),
      pulse,
    });
  }

  // What is stored is there at once, also without a network.
  async start() {
    this.epoch = await this.database.epoch();
    this.counters = await this.database.reserveCounters();
    for (const summary of await this.database.conversations()) this.chats.put(summary);
    for (const position of await this.database.positions()) {
      this.chats.get(position.conv)?.begin(position);
      this.chats.get(position.conv)?.see(position.seen);
    }
    this.chats.changed(null);
    this.monitor.start();
  }

  // For good. `state` says why.
  stop(state) {
    this.intake.reset();
    this.monitor.stop(state);
  }

  // What the views ask for

  send(conv, body, replyTo) {
    this.outbox.add({ client_id: this.#nextId(), conv, body, at: now(), reply_to: replyTo });
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
  resend(chat, { seq, body, reply_to }) {
    const known = this.outbox.resendOf(chat.id, seq);
    if (known) this.outbox.retryNow(known.client_id);
    else this.outbox.add({ client_id: this.#nextId(), kind: "resend", conv: chat.id, seq, body, reply_to, at: now() });
  }

  openDirect(username) {
    return this.#ask(protocol.open(username));
  }

  askInfo(conv, seq) {
    return this.#ask(protocol.info(conv, seq));
  }

  async markSeen(chat, seq) {
    if (seq <= chat.seen || seq > chat.received) return;
    chat.see(seq);
    this.acks.add("SEEN", chat.id, seq);
    this.chats.changed(chat.id);
    this.keeper.soon([chat.id]);
    await this.guard(() => this.database.setPositions([chat.kept]));
  }

  isFarBehind(chat) {
    return this.isReady && chat.head - chat.received > FAR_BEHIND;
  }

  // The newest page at once, when what is below it will take its time.
  async previewed(chat) {
    if (chat.preview || !this.isFarBehind(chat)) return;
    const from = Math.max(chat.received + 1, chat.head - PREVIEW + 1);
    if (await this.history.fetch(chat.id, from, chat.head)) chat.startPreview(from);
    this.chats.changed(chat.id);
  }

  // False: there is nothing older, or it cannot be had now.
  async loadOlder(chat) {
    const came = await this.guard(() => this.history.older(chat));
    if (came) this.chats.changed(chat.id);
    return came;
  }

  quoted(chat, seq) {
    return this.guard(() => this.history.one(chat, seq));
  }

  // False: there is no connection to ask over.
  #ask(frame) {
    if (this.isReady) this.monitor.send(frame);
    return this.isReady;
  }

  #nextId() {
    const { next, end } = this.counters;
    this.counters.next += 1;
    if (next === end - FEW_COUNTERS) this.guard(async () => (this.counters = await this.database.reserveCounters()));
    // A tab that outruns the next block stays unique by its random tail.
    const counter = next < end ? next : `${next}x${crypto.getRandomValues(new Uint32Array(1))[0]}`;
    return protocol.clientId(this.device, counter, now());
  }

  // The connection

  #greet() {
    this.intake.begin();
    this.monitor.send(protocol.hello(this.epoch ?? null, this.positions.atHello()));
  }

  #stateChanged(state, since) {
    if (state !== "connected") this.#disconnected();
    this.tell("state", { state, since });
  }

  #disconnected() {
    this.isReady = false;
    this.intake.reset();
    this.acks.drop();
    this.outbox.pause();
    this.mender.drop();
    this.history.abandon();
    this.requests.abandon();
    this.progress.end();
  }

  // The server has told where everything stands: what waits may go out.
  ready() {
    this.isReady = true;
    this.progress.begin(this.chats.all);
    this.outbox.resend();
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
      if (this.monitor.state !== "signed-out") this.stop("no-storage");
      return undefined;
    }
  }
}
