// What can be done with one message: a menu by its button, or by a long press on it.

import { h } from "./dom.js";

const EDGE_PX = 8;
const KEYS = { ArrowDown: 1, ArrowUp: -1 };

export class MessageMenu {
  // `itemsOf(entry)`: [label, action, is it dangerous]…
  constructor({ element, list, itemsOf, entryOf }) {
    Object.assign(this, { element, itemsOf });
    element.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("toggle", ({ newState }) => this.opener?.setAttribute("aria-expanded", newState === "open"));
    list.addEventListener("contextmenu", (event) => this.#pressed(event, entryOf));
  }

  open(entry, opener) {
    this.opener = opener;
    this.element.replaceChildren(...this.itemsOf(entry).map((item) => this.#item(...item)));
    this.element.showPopover();
    this.#place(opener.getBoundingClientRect());
    this.element.firstElementChild.focus();
  }

  #item(label, action, isDangerous) {
    const choose = () => {
      this.#close();
      action();
    };
    return h("button", { type: "button", role: "menuitem", tabindex: "-1", class: isDangerous ? "danger" : false, onclick: choose }, label);
  }

  // Beside what opened it, inside the window.
  #place({ left, right, top, bottom }) {
    const { offsetWidth: width, offsetHeight: height, style } = this.element;
    const isLeft = left + width + EDGE_PX <= innerWidth;
    style.left = `${Math.max(EDGE_PX, isLeft ? left : right - width)}px`;
    style.top = `${Math.max(EDGE_PX, bottom + height + EDGE_PX <= innerHeight ? bottom : top - height)}px`;
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

  // Where there is a mouse, the browser's own menu is worth more.
  #pressed(event, entryOf) {
    const row = event.target.closest("[data-seq]");
    if (event.pointerType !== "touch" || !row) return;
    event.preventDefault();
    const entry = entryOf(Number(row.dataset.seq));
    if (entry) this.open(entry, row.querySelector(".more"));
  }

  #close() {
    this.element.hidePopover();
    this.opener.focus();
  }
}
