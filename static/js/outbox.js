// Messages on their way out, in order per conversation; with them expired ones that are sent anew (kind "resend", of
// entry `seq`). Each is on disk before it is shown and before anything touches the network (outbox_store.js); its
// client_id never changes.
//
// An item is pending (with or without an attempt in flight), failed (attempts used up, or too old to go by itself:
// outcome unknown) or rejected. A conversation's pending items are posted in order; after a failure its line rests for
// the backoff and goes again. A message whose files are still to go up waits for them, and what comes after it in its
// conversation waits for it; other conversations do not. Only the tab that leads is ever online; what one tab does the others are told (`share`).

import { isLoaded } from "./attachment.js";
import { delay } from "./backoff.js";
import { outgoing } from "./protocol.js";

const ANSWER_TIMEOUT_MS = 20000;
// Under way at a time: what waits after days offline is no flood for the server.
const MOST_IN_FLIGHT = 256;
// What nobody has looked at for so long is not sent without being asked for.
const DAY_MS = 24 * 60 * 60 * 1000;

export class Outbox {
  // `guard(work)`: meets what a failing database throws. `words`: {unanswered, stale}, why something has failed.
  // `now`: the server's time as far as it is known; right when there is a new connection, which is when ages are told.
  // `uploads`: brings a message's files up (uploads.js), when it is wanted (lazy.js).
  constructor({ store, transmit, isOnline, changed, guard, share = () => {}, uploads, words, now, random = Math.random }) {
    Object.assign(this, { store, transmit, isOnline, changed, guard, share, uploads, words, random, now });
    this.items = [];
    this.rests = new Map();
    // Lines that go on when others have been answered.
    this.held = new Set();
    this.inFlight = 0;
  }

  // What is on disk, in place of what was known.
  async load() {
    const kept = await this.store.all();
    this.pause();
    this.items = kept.map((item) => ({ ...item, attempts: 0, inFlight: false }));
  }

  // Rejects when it cannot be stored; then it is nowhere.
  async add(item) {
    const kept = await this.store.add({ ...item, made: this.now(), state: "pending" });
    this.learn(kept);
    this.share({ item: kept });
  }

  // An item that is on disk, new or in a new state.
  learn(item) {
    this.#remove(item.client_id);
    this.items.push({ ...item, attempts: 0, inFlight: false });
    this.items.sort((one, other) => one.n - other.n);
    this.#post(item.conv);
    this.changed(item.conv);
  }

  // What has gone from the disk while nobody told this tab was answered.
  async recheck() {
    const known = [...this.items];
    const kept = new Set((await this.store.all()).map((item) => item.client_id));
    for (const { client_id } of known) if (!kept.has(client_id)) this.drop(client_id);
  }

  // Those that are in no log yet.
  of(conv) {
    return this.items.filter((item) => item.conv === conv && item.kind !== "resend");
  }

  // How many will go out by themselves.
  get waiting() {
    return this.items.filter(({ state }) => state === "pending").length;
  }

  resendOf(conv, seq) {
    return this.items.find((item) => item.kind === "resend" && item.conv === conv && item.seq === seq);
  }

  find(clientId) {
    return this.items.find((item) => item.client_id === clientId);
  }

  // A new connection: everything still unanswered again, oldest first, under the same ids.
  resend() {
    this.pause();
    if (!this.isOnline()) return;
    for (const item of this.items) if (item.state === "pending") this.#age(item);
    for (const conv of new Set(this.convs)) this.#post(conv);
  }

  // The connection is gone, and with it whatever answers were under way.
  pause() {
    for (const timer of this.rests.values()) clearTimeout(timer);
    this.rests.clear();
    for (const item of this.items) this.#land(item);
    this.uploads.part?.pause();
  }

  // In the log: the entry has taken over, on disk too.
  settle(clientId) {
    const item = this.#remove(clientId);
    if (item) this.#post(item.conv);
    return item;
  }

  // `code`: as the server has it, or "fail" when it may be tried again by hand. A file that the server does not have any
  // more may go up anew; what mentions somebody who has left may go without mentioning anybody.
  reject(clientId, reason, code) {
    const item = this.find(clientId);
    if (!item) return;
    let state = "failed";
    if (code === "INVALID_ATTACHMENT") item.files = item.files?.map(({ attachment: _, ...file }) => file);
    else if (code === "INVALID_MENTION") item.mentions = [];
    else if (code !== "fail") state = "rejected";
    this.#fail(item, state, reason);
  }

  // One of its files is on the server, as `attachment`.
  attached(clientId, id, attachment) {
    const item = this.find(clientId);
    if (!item) return;
    this.#know(item, { files: item.files.map((file) => (file.id === id ? { ...file, attachment } : file)) });
    this.#post(item.conv);
  }

  // So many bytes of its files are there.
  progressed(clientId, sent) {
    const item = this.find(clientId);
    if (!item) return;
    item.sent = sent;
    this.changed(item.conv);
  }

  // Nothing is wrong with it: its conversation's line goes again after a pause.
  retry({ client_id, error_code, error_text, retry_after_ms }) {
    const item = this.find(client_id);
    // Not under way: an answer to an attempt that was given up already.
    if (!item?.inFlight) return;
    this.#land(item);
    // It waits for the one before it, whose answer is what moves the line.
    if (error_code === "PREDECESSOR_MISSING" && this.#before(item)) item.attempts -= 1;
    else this.#rest(item, retry_after_ms, error_text);
  }

  // By hand. The outcome of the earlier attempts is unknown, so the id stays; it goes to the end of the line.
  async retryNow(clientId) {
    const item = await this.guard(() => this.store.requeue(clientId, { state: "pending", reason: null, made: this.now() }));
    if (!item) return;
    this.learn(item);
    this.share({ item });
  }

  async discard(clientId) {
    this.drop(clientId);
    this.share({ gone: clientId });
    await this.guard(() => this.store.remove(clientId));
  }

  drop(clientId) {
    const item = this.#remove(clientId);
    if (!item) return;
    this.uploads.part?.cancel(item);
    this.#post(item.conv);
    this.changed(item.conv);
  }

  // What there is of a conversation now, on disk.
  replace(conv, kept) {
    for (const { client_id } of this.items.filter((item) => item.conv === conv)) this.#remove(client_id);
    for (const item of kept) this.learn(item);
  }

  get convs() {
    return this.items.map(({ conv }) => conv);
  }

  #remove(clientId) {
    const item = this.find(clientId);
    if (!item) return null;
    this.#land(item);
    this.items.splice(this.items.indexOf(item), 1);
    return item;
  }

  #rest(item, atLeast, reason) {
    const pause = delay(item.attempts, this.random);
    if (pause === null) return this.#fail(item, "failed", reason);
    clearTimeout(this.rests.get(item.conv));
    this.rests.set(item.conv, setTimeout(() => this.#goOn(item.conv), Math.max(pause, atLeast)));
  }

  #goOn(conv) {
    this.rests.delete(conv);
    this.#post(conv);
  }

  #fail(item, state, reason) {
    this.#note(item, state, reason);
    this.#post(item.conv);
  }

  // Its line is not posted by this: whoever goes through the line goes on.
  #note(item, state, reason) {
    this.#land(item);
    const { files, mentions } = item;
    this.#know(item, { state, reason, files, mentions });
  }

  // On disk, and in the other tabs.
  #know(item, news) {
    Object.assign(item, news);
    this.guard(() => this.store.note(item.client_id, news));
    const { attempts: _, inFlight: __, timer: ___, sent: ____, ...kept } = item;
    this.share({ item: kept });
    this.changed(item.conv);
  }

  // For one that was written by a clock that was ahead the day begins now.
  #age(item) {
    const made = this.now();
    if (made - item.made >= DAY_MS) this.#note(item, "failed", this.words.stale);
    else if (made < item.made) {
      item.made = made;
      this.guard(() => this.store.note(item.client_id, { made }));
    }
  }

  #line(conv) {
    return this.items.filter((item) => item.conv === conv && item.state === "pending");
  }

  // The unanswered predecessor. One that failed or was refused is no predecessor any more.
  #before(item) {
    const line = this.#line(item.conv).filter(({ kind }) => kind === item.kind);
    return line[line.indexOf(item) - 1];
  }

  #post(conv) {
    const convs = new Set([conv, ...this.held]);
    this.held.clear();
    for (const each of convs) this.#postLine(each);
  }

  #postLine(conv) {
    if (!this.isOnline() || this.rests.has(conv)) return;
    // What is over is so before anything goes: what follows must not name it.
    for (const item of this.#resting(conv)) {
      if (delay(Math.max(1, item.attempts)) === null) this.#note(item, "failed", this.words.unanswered);
    }
    const loading = this.#line(conv).find((item) => !isLoaded(item));
    if (loading) this.#load(loading);
    const resting = this.#resting(conv);
    const free = MOST_IN_FLIGHT - this.inFlight;
    for (const item of resting.slice(0, free)) this.#fly(item);
    if (resting.length > free) this.held.add(conv);
  }

  async #load(item) {
    const uploads = this.uploads.part ?? (await this.uploads.get());
    if (this.isOnline()) uploads?.begin(item);
  }

  // What could go now.
  #resting(conv) {
    const line = this.#line(conv);
    const loading = line.findIndex((item) => !isLoaded(item));
    return line.slice(0, loading < 0 ? line.length : loading).filter((item) => !item.inFlight);
  }

  #fly(item) {
    item.attempts += 1;
    item.inFlight = true;
    this.inFlight += 1;
    item.timer = setTimeout(() => this.#silence(item), ANSWER_TIMEOUT_MS);
    this.transmit(outgoing(item, this.#before(item)?.client_id));
  }

  #silence(item) {
    this.retry({ client_id: item.client_id, error_text: this.words.unanswered, retry_after_ms: 0 });
  }

  #land(item) {
    clearTimeout(item.timer);
    if (item.inFlight) this.inFlight -= 1;
    item.inFlight = false;
  }
}
