// What of a conversation's log is in memory: the newest entries (`tail`), up to what is stored without a gap (above that
// some may wait for what comes before them), and while someone looks at older ones, those (`past`). All others are in
// the database or with the server. Both are bounded, and never overlap.
//
// Preview: the tail is the newest page while what is below it is still on its way; `past` ends where the gap begins.

import { Cursor } from "./order.js";
import { Stretch } from "./stretch.js";

const isShown = ({ resent_as }) => resent_as === undefined;

export class Log {
  // `onForget()`: entries are about to leave the memory.
  constructor(onForget) {
    Object.assign(this, { onForget, cursor: null, tail: new Stretch({ from: Infinity }), past: null, preview: null });
  }

  begin(received) {
    this.cursor ??= new Cursor(received);
    if (this.tail.from === Infinity) this.tail.from = received + 1;
  }

  get received() {
    return this.cursor?.position ?? 0;
  }

  get parts() {
    return [this.past, this.preview?.between, this.tail].filter(Boolean);
  }

  // Ascending.
  get entries() {
    return this.parts.length === 1 ? this.tail.entries : this.parts.flatMap(({ entries }) => entries);
  }

  // What is looked at.
  get view() {
    return this.past ?? this.tail;
  }

  // Only what is stored without a gap below it is shown; a message that was sent anew is shown as that one.
  get shown() {
    return this.view.entries.filter((entry) => entry.seq <= this.received && isShown(entry));
  }

  // The newest page while what is below it is still on its way, as far as it has no hole itself.
  get ahead() {
    if (!this.preview) return [];
    const { from, entries, absent } = this.tail;
    const run = new Cursor(from - 1, entries.map(({ seq }) => seq), absent);
    run.upto(from - 1);
    return entries.filter((entry) => entry.seq <= run.position && isShown(entry));
  }

  get newest() {
    return this.tail.entries.findLast((entry) => entry.seq <= this.received && isShown(entry));
  }

  // How far up what is looked at may grow: there the tail begins, or the gap.
  get reach() {
    return this.preview ? this.preview.below : this.tail.from - 1;
  }

  // What is looked at does not lead to the newest, or to the gap below it.
  get isDetached() {
    return this.past !== null && !(this.preview && this.past.to >= this.reach);
  }

  find(seq) {
    return this.tail.find(seq) ?? this.past?.find(seq);
  }

  // Whether it is among what is drawn.
  draws(seq) {
    return Boolean(this.view.find(seq) ?? (this.preview && !this.isDetached && this.tail.find(seq)));
  }

  take(entries, cursor, absent) {
    this.cursor = cursor;
    for (const part of this.parts) {
      part.miss(absent);
      for (const entry of entries) part.take(entry);
    }
    const between = this.preview?.between;
    if (between?.entries.some(({ seq }) => seq <= this.received)) this.onForget();
    between?.cut(this.received + 1);
  }

  replace(seq, after) {
    for (const part of this.parts) part.replace(seq, after);
  }

  // Pages of history, {entries, absent, from, to}: one that touches what is looked at, or that is looked at instead.

  grow(page) {
    this.view.grow(page);
    this.join();
  }

  lookAt(page) {
    this.past = new Stretch(page);
    this.join();
  }

  // Back to the newest, or to the gap below it.
  toNewest() {
    const { below } = this.preview ?? {};
    this.past = this.preview ? new Stretch({ from: below + 1, to: below }) : null;
  }

  // What is looked at and the newest become one where they touch. False: they do not.
  join() {
    if (!this.past || this.preview || this.past.to < this.reach) return false;
    this.past.grow(this.tail);
    [this.tail, this.past] = [this.past, null];
    return true;
  }

  // Of what is looked at at most so many entries stay: those around entry `anchor`.
  fit(anchor, most) {
    if (this.view.entries.length <= most) return;
    const { from, to } = this.view.around(anchor, most);
    if (this.past) this.past.cut(from, to);
    else if (to >= this.received) this.forgetBelow(from);
    else this.#detach(from, to, most);
  }

  #detach(from, to, most) {
    this.past = this.tail.copy();
    this.past.cut(from, to);
    this.forgetBelow(to + 1);
    this.trim(most);
  }

  // Of the tail. What waits for what comes before it stays: when that has come, all of it must be here.
  forgetBelow(seq) {
    this.onForget();
    this.tail.cut(Math.min(seq, this.received + 1));
  }

  trim(most) {
    const { entries } = this.tail;
    if (!this.preview && entries.length > most) this.forgetBelow(entries.at(-most).seq);
  }

  // What this device has or lacks up to there is history.
  skip(upto) {
    this.onForget();
    this.cursor.upto(upto);
    this.endPreview(false);
    this.past = null;
    this.tail.cut(this.received + 1);
  }

  // The newest page, from entry `from` on, is shown before what is below it has come.
  startPreview(from) {
    if (this.isDetached || from <= this.received + 1) return;
    const { received, tail } = this;
    const part = (bounds) => Object.assign(tail.copy(), bounds);
    this.past = part({ to: received });
    this.preview = { below: received, between: part({ from: received + 1, to: from - 1 }) };
    tail.from = from;
    for (const each of this.parts) each.cut(each.from);
  }

  get isPreviewReached() {
    return this.preview !== null && this.received >= this.tail.from - 1;
  }

  // `keeps`: someone looks at what is below the gap; otherwise that is history, and so is what has come in between.
  endPreview(keeps) {
    if (!this.preview) return;
    const { between } = this.preview;
    if (!this.isPreviewReached) {
      between.grow(this.tail);
      this.tail = between;
    }
    this.preview = null;
    if (!keeps) this.past = null;
    this.join();
  }
}
