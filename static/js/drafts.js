// What is being written and was not sent, by conversation: on its way to disk from the first key on, since a page that
// is closed gets no other chance.

export class Drafts extends EventTarget {
  // `share(draft)`: other tabs are told.
  constructor({ store, guard, share }) {
    super();
    Object.assign(this, { store, guard, share, byConv: new Map(), unkept: new Set() });
  }

  async load() {
    for (const draft of await this.store.drafts()) this.byConv.set(draft.conv, draft);
  }

  get(conv) {
    return this.byConv.get(conv) ?? { conv, text: "", quote: null };
  }

  get convs() {
    return [...this.byConv.keys()].filter((conv) => this.textOf(conv));
  }

  // Resolves once all is on disk.
  async kept() {
    await this.working;
  }

  // It is none any more, on disk neither.
  forget(conv) {
    this.byConv.delete(conv);
    this.unkept.delete(conv);
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
    this.working ??= this.#keep().finally(() => (this.working = undefined));
    this.dispatchEvent(new Event("change"));
  }

  // It was sent: on disk it goes with the message that comes.
  sent(conv) {
    this.forget(conv);
    this.share({ conv, text: "", quote: null });
  }

  // Another tab has written it.
  learn(draft) {
    this.byConv.set(draft.conv, draft);
    this.unkept.delete(draft.conv);
    this.dispatchEvent(new CustomEvent("change", { detail: draft }));
  }

  // One write at a time; what is typed meanwhile goes with the next.
  async #keep() {
    for (let [conv] = this.unkept; conv !== undefined; [conv] = this.unkept) {
      this.unkept.delete(conv);
      const draft = this.get(conv);
      await this.guard(() => this.store.setDraft(draft));
      // Sent meanwhile, or gone on with: that was told, or will be.
      if (this.byConv.get(conv) === draft) this.share(draft);
    }
  }
}
