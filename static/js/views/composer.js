// Where a message is written, or written anew (editing), with the files that go with it. Enter sends and Shift+Enter
// makes a line, or Enter makes a line and Ctrl+Enter sends: as this device is set, and unless it is, the latter on a
// touch screen.

import { wordsOf } from "../attachment.js";
import { BODY_CHARS, length, storable } from "../protocol.js";
import { gettext } from "../words.js";
import { byId } from "./dom.js";
import { DELETED } from "./message.js";
import { TrayControl } from "./tray_control.js";

const WARN_CHARS = 200;
const touch = matchMedia("(hover: none) and (pointer: coarse)");

export class ComposerView {
  // `nameOf(entry)`: who wrote it. `drafts`: what is written and not sent. `onSend(conv, body, replyTo, files)`: true
  // once it is on disk. `files`: files.js. `say(text)`. `onEdit(entry, body)`: true once that is done, or never will be.
  // `onTyping(conv)`: something new is being written.
  constructor({ drafts, preferences, files, onSend, onEdit, onTyping, nameOf, say }) {
    Object.assign(this, { drafts, preferences, onSend, onEdit, nameOf, conv: null, quote: null, editing: null, held: null });
    const onChange = () => {
      this.#changed();
      this.#keep();
    };
    this.tray = new TrayControl({ drafts, part: files.tray, say, onChange, onDraft: (draft) => this.#takeDraft(draft) });
    drafts.addEventListener("change", ({ detail }) => detail && this.#takeDraft(detail));
    this.form = byId("composer");
    this.field = byId("body");
    this.field.addEventListener("input", () => {
      this.#changed();
      this.#keep();
      if (!this.editing && this.field.value) onTyping(this.conv);
    });
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.form.addEventListener("submit", (event) => this.#submit(event));
    byId("quote-cancel").addEventListener("click", () => this.#cancel());
  }

  open(conv) {
    this.conv = conv;
    this.#show(this.drafts.get(conv));
    this.focus();
  }

  // Another tab has gone on with it, or sent it.
  #takeDraft(draft) {
    if (draft.conv === this.conv) this.#show(draft);
  }

  // What is edited comes first; what was being written is held until that is over.
  #show({ text, quote, files, edit }) {
    this.editing = edit?.entry ?? null;
    this.held = { text, quote, files };
    this.#write(edit ? { text: edit.text, quote: null } : this.held);
    if (edit) this.#bar(gettext("Editing message"), wordsOf(edit.entry));
  }

  reply(entry) {
    this.#endEdit();
    this.#quote(entry);
    this.#keep();
    this.field.focus();
  }

  edit(entry) {
    this.#endEdit();
    this.#show({ text: this.field.value, quote: this.quote, files: this.tray.files, edit: { entry, text: entry.body } });
    this.#keep();
    this.field.focus();
  }

  #endEdit() {
    if (this.editing) this.#show(this.held);
  }

  #cancel() {
    if (this.editing) this.#endEdit();
    else this.#quote(null);
    this.#keep();
    this.field.focus();
  }

  // Not on a touch screen, where it would bring the keyboard up unasked: there one begins to read.
  focus() {
    (touch.matches ? byId("thread-scroll") : this.field).focus({ preventScroll: true });
  }

  #quote(entry) {
    this.quote = entry;
    if (entry) this.#bar(this.nameOf(entry), entry.deleted ? DELETED : wordsOf(entry));
    else this.#bar("", null);
  }

  #bar(name, text) {
    byId("quote").hidden = text === null;
    byId("quote-name").textContent = name;
    byId("quote-text").textContent = text ?? "";
    this.form.classList.toggle("editing", Boolean(this.editing));
    byId("attach").hidden = Boolean(this.editing);
    byId("send").setAttribute("aria-label", this.editing ? gettext("Save") : gettext("Send"));
  }

  #write({ text, quote, files = [] }) {
    this.field.value = text;
    this.#quote(quote);
    this.tray.show(this.conv, files, !this.editing);
    this.#changed();
  }

  #key(event) {
    if (event.key === "Escape" && (this.quote || this.editing)) this.#cancel();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    const enter = this.preferences.get("enter") ?? (touch.matches ? "line" : "send");
    if (enter === "line" && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  #submit(event) {
    event.preventDefault();
    if (this.tray.isBusy) return this.tray.settled(() => this.form.requestSubmit());
    const body = storable(this.field.value);
    if (!this.#isWhole(length(body))) return;
    this.field.focus();
    if (this.editing) this.#save(this.editing, body);
    else this.#send(body);
  }

  #isWhole(written) {
    return written <= BODY_CHARS && (written > 0 || (!this.editing && this.tray.files.length > 0));
  }

  // The field is free at once; what could not be stored comes back into it.
  async #send(body) {
    const { conv, quote } = this;
    const { files } = this.tray;
    this.#write({ text: "", quote: null });
    this.drafts.sent(conv);
    if ((await this.onSend(conv, body, quote?.seq, files)) || this.drafts.textOf(conv)) return;
    const draft = { conv, text: body, quote, files };
    this.drafts.set(draft);
    if (conv === this.conv && !this.editing) this.#write(draft);
  }

  #keep() {
    const { conv, quote, editing, held } = this;
    const text = this.field.value;
    const { files } = this.tray;
    if (conv) this.drafts.set(editing ? { conv, ...held, edit: { entry: editing, text } } : { conv, text, quote, files });
  }

  // What was written stays until it is stored on the server, or cannot be; meanwhile another chat may have been opened.
  async #save(entry, body) {
    const { conv } = this;
    const isOver = body === entry.body || (await this.onEdit(entry, body));
    const { edit, ...draft } = this.drafts.get(conv);
    if (!isOver || edit?.entry.seq !== entry.seq) return;
    this.drafts.set(draft);
    if (conv === this.conv) this.#show(draft);
  }

  #changed() {
    const written = length(storable(this.field.value));
    const left = BODY_CHARS - written;
    const limit = byId("limit");
    limit.hidden = left > WARN_CHARS;
    limit.textContent = left;
    limit.classList.toggle("over", left < 0);
    byId("send").disabled = !this.tray.isBusy && !this.#isWhole(written);
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }
}
