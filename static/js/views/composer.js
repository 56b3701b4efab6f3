// Where a message is written. Enter sends, Shift+Enter makes a line; on a touch screen Enter makes a line.

import { BODY_CHARS, length } from "../protocol.js";
import { byId } from "./dom.js";

const WARN_CHARS = 200;
const touch = matchMedia("(hover: none) and (pointer: coarse)");

export class ComposerView {
  constructor({ onSend, quote }) {
    Object.assign(this, { onSend, quoteOf: quote });
    this.form = byId("composer");
    this.field = byId("body");
    this.drafts = new Map();
    this.field.addEventListener("input", () => this.#changed());
    this.field.addEventListener("keydown", (event) => this.#key(event));
    this.form.addEventListener("submit", (event) => this.#submit(event));
    byId("quote-cancel").addEventListener("click", () => this.reply(null));
  }

  open(conv) {
    if (this.conv) this.drafts.set(this.conv, this.field.value);
    this.conv = conv;
    this.field.value = this.drafts.get(conv) ?? "";
    this.reply(null);
    this.#changed();
    if (!touch.matches) this.field.focus();
  }

  reply(entry) {
    this.replyTo = entry?.seq;
    byId("quote").hidden = !entry;
    byId("quote-text").textContent = entry?.body ?? "";
    if (entry) this.field.focus();
  }

  #key(event) {
    if (event.key === "Escape" && this.replyTo) this.reply(null);
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || touch.matches) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  #submit(event) {
    event.preventDefault();
    const body = this.field.value.trim();
    if (!body || length(body) > BODY_CHARS) return;
    this.onSend(this.conv, body, this.replyTo);
    this.field.value = "";
    this.reply(null);
    this.#changed();
    this.field.focus();
  }

  #changed() {
    const left = BODY_CHARS - length(this.field.value.trim());
    const limit = byId("limit");
    limit.hidden = left > WARN_CHARS;
    limit.textContent = left;
    limit.classList.toggle("over", left < 0);
    byId("send").disabled = !this.field.value.trim() || left < 0;
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }
}
