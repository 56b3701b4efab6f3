// What is being written and was not sent, by conversation: kept on disk a moment after the last key.

const DELAY_MS = 300;

export class Drafts extends EventTarget {
  // `share(draft)`: other tabs are told.
  constructor({ store, guard, share }) {
    super();
    Object.assign(this, { store, guard, share, byConv: new Map(), unkept: new Set() });
    // A page that goes away, or into the background of a phone, may get no other chance.
    addEventListener("pagehide", () => this.flush());
    document.addEventListener("visibilitychange", () => document.hidden && this.flush());
  }

  async load() {
    for (const draft of await this.store.drafts()) this.byConv.set(draft.conv, draft);
  }

  get(conv) {
    return this.byConv.get(conv) ?? { conv, text: "", quote: null };
  }

  // What there is to see of it in a list; undefined for nothing.
  textOf(conv) {
    return this.byConv.get(conv)?.text.trim() || undefined;
  }

  set(draft) {
    const known = this.get(draft.conv);
    if (known.text === draft.text && known.quote === draft.quote) return;
    this.byConv.set(draft.conv, draft);
    this.unkept.add(draft.conv);
    this.timer ??= setTimeout(() => this.flush(), DELAY_MS);
    this.dispatchEvent(new Event("change"));
  }

  // It was sent: on disk it goes with the message that comes.
  sent(conv) {
    this.byConv.delete(conv);
    this.unkept.delete(conv);
    this.share({ conv, text: "", quote: null });
  }

  // Another tab has written it.
  learn(draft) {
    this.byConv.set(draft.conv, draft);
    this.unkept.delete(draft.conv);
    this.dispatchEvent(new CustomEvent("change", { detail: draft }));
  }

  flush() {
    clearTimeout(this.timer);
    this.timer = undefined;
    for (const conv of this.unkept) {
      const draft = this.get(conv);
      this.guard(() => this.store.setDraft(draft));
      this.share(draft);
    }
    this.unkept.clear();
  }
}
