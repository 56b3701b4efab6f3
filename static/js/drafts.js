// What is being written and was not sent, by conversation: {conv, text, quote, files}, and while a message is edited
// `edit`, {entry, text}, which comes before the rest. Files are kept apart (blobs.js), here is what they are. It is on its way to disk from the first key on, since a page that is
// closed gets no other chance.

import { summary } from "./attachment.js";

// A file comes or goes, none takes another's place.
const same = (one, other) =>
  one.text === other.text && one.quote === other.quote && isSameEdit(one.edit, other.edit) && count(one) === count(other);
const count = ({ files = [] }) => files.length;
const isSameEdit = (one, other) => one?.text === other?.text && one?.entry.seq === other?.entry.seq;

// What someone would miss.
const textsOf = ({ text, edit }) => [edit && edit.text !== edit.entry.body ? edit.text : "", text].filter((each) => each.trim());

// The same as messages; the files go with the last one.
export function messagesOf(draft) {
  const found = textsOf(draft).map((body) => ({ body }));
  const { files = [] } = draft;
  return files.length ? [...found.slice(0, -1), { body: "", ...found.at(-1), files }] : found;
}

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
    const [{ body, files } = {}] = messagesOf(this.get(conv));
    return body?.trim() || (files && summary(files));
  }

  set(draft) {
    if (same(this.get(draft.conv), draft)) return;
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

  // Another epoch: what was edited may be another message now. Its text stays.
  endEdits() {
    for (const draft of [...this.byConv.values()].filter(({ edit }) => edit)) {
      const plain = { conv: draft.conv, text: textsOf(draft).join("\n"), quote: null, files: draft.files };
      this.set(plain);
      this.dispatchEvent(new CustomEvent("change", { detail: plain }));
    }
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
