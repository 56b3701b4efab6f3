// What can be done with one message: a menu by its button, by keyboard, or by a long press on it.

import { h } from "./dom.js";

const EDGE_PX = 8;
const KEYS = { ArrowDown: 1, ArrowUp: -1 };

export class MessageMenu {
  // `itemsOf(entry)`: [label, action(opener), is it dangerous]…
  constructor({ element, list, itemsOf, entryOf }) {
    Object.assign(this, { element, list, itemsOf, entryOf });
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("toggle", ({ newState }) => this.#toggled(newState === "open"));
  }

  // `opener`: beside it; the focus goes back to it.
  open(entry, opener) {
    Object.assign(this, { opener, clientId: entry.client_id });
    this.element.replaceChildren(...this.itemsOf(entry).map((item) => this.#item(...item)));
    this.element.showPopover();
    this.#place(opener.getBoundingClientRect());
    this.element.firstElementChild.focus();
  }

  // Of a row of the list. Of one that is not in the log there is none.
  openFor(row, opener) {
    const entry = row.dataset.seq && this.entryOf(Number(row.dataset.seq));
    if (entry) this.open(entry, opener ?? row.querySelector(".bubble"));
  }

  get isOpen() {
    return this.element.matches(":popover-open");
  }

  // The focus stays where it is.
  close() {
    if (this.isOpen) this.element.hidePopover();
  }

  #item(label, action, isDangerous) {
    const choose = () => {
      this.#close();
      action(this.opener);
    };
    return h("button", { type: "button", role: "menuitem", tabindex: "-1", class: isDangerous ? "danger" : false, onclick: choose }, label);
  }

  // Inside the window.
  #place({ left, right, top, bottom }) {
    const { offsetWidth: width, offsetHeight: height, style } = this.element;
    const isLeft = left + width + EDGE_PX <= innerWidth;
    const y = bottom + height + EDGE_PX <= innerHeight ? bottom : top - height;
    style.left = `${Math.max(EDGE_PX, isLeft ? left : right - width)}px`;
    style.top = `${Math.min(Math.max(EDGE_PX, y), Math.max(EDGE_PX, innerHeight - height - EDGE_PX))}px`;
  }

  #key(event) {
    const items = [...this.element.children];
    const at = items.indexOf(document.activeElement);
    const next = { Home: 0, End: items.length - 1 }[event.key] ?? (at + KEYS[event.key] + items.length) % items.length;
    if (event.key === "Tab") this.#close();
    if (Number.isNaN(next)) return;
    event.preventDefault();
    items[next].focus();
  }

  // The row may have been made anew meanwhile.
  get #row() {
    return this.list.querySelector(`[data-client-id="${CSS.escape(this.clientId)}"]`);
  }

  #toggled(isOpen) {
    this.#row?.querySelector(".more")?.setAttribute("aria-expanded", isOpen);
    const { activeElement, body } = document;
    if (!isOpen && (activeElement === body || this.element.contains(activeElement))) this.#giveBack();
  }

  #giveBack() {
    const home = this.opener.isConnected ? this.opener : this.#row?.querySelector(".bubble");
    home?.focus({ preventScroll: true });
  }

  #close() {
    this.element.hidePopover();
    this.#giveBack();
  }
}
