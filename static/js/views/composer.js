// Where a message is written. Enter sends, Shift+Enter makes a line; on a touch screen Enter makes a line.

import { BODY_CHARS, length, storable } from "../protocol.js";
import { byId } from "./dom.js";

const WARN_CHARS = 200;
const touch = matchMedia("(hover: none) and (pointer: coarse)");

export class ComposerView {
  // `nameOf(entry)`: who wrote it. What is written but not sent is kept while the page is open.
  constructor({ onSend, nameOf }) {
    Object.assign(this, { onSend, nameOf, conv: null, drafts: new Map(), quote: null });
    this.form = byId("composer");
    this.field = byId("body");
    this.field.addEventListener("input", () => this.#changed());
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.form.addEventListener("submit", (event) => this.#submit(event));
    byId("quote-cancel").addEventListener("click", () => this.reply(null));
  }

  open(conv) {
    if (this.conv) this.drafts.set(this.conv, { text: this.field.value, quote: this.quote });
    this.conv = conv;
    const { text, quote } = this.drafts.get(conv) ?? { text: "", quote: null };
    this.field.value = text;
    this.#quote(quote);
    this.#changed();
    this.focus();
  }

  reply(entry) {
    this.#quote(entry);
    this.field.focus();
  }

  // Not on a touch screen, where it would bring the keyboard up unasked.
  focus() {
    if (!touch.matches) this.field.focus();
  }

  #quote(entry) {
    this.quote = entry;
    byId("quote").hidden = !entry;
    byId("quote-name").textContent = entry ? this.nameOf(entry) : "";
    byId("quote-text").textContent = entry?.body ?? "";
  }

  #key(event) {
    if (event.key === "Escape" && this.quote) this.reply(null);
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || touch.matches) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  #submit(event) {
    event.preventDefault();
    const body = storable(this.field.value);
    if (!body || length(body) > BODY_CHARS) return;
    const replyTo = this.quote?.seq;
    this.field.value = "";
    this.#quote(null);
    this.#changed();
    this.field.focus();
    this.onSend(this.conv, body, replyTo);
  }

  #changed() {
    const written = length(storable(this.field.value));
    const left = BODY_CHARS - written;
    const limit = byId("limit");
    limit.hidden = left > WARN_CHARS;
    limit.textContent = left;
    limit.classList.toggle("over", left < 0);
    byId("send").disabled = written === 0 || left < 0;
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }
}
