// A question before what cannot be taken back.

import { dialog } from "./dialog.js";
import { byId } from "./dom.js";

export class Confirm {
  constructor() {
    this.dialog = dialog("confirm-dialog");
    this.dialog.addEventListener("close", () => this.#answer(false));
    byId("confirm-yes").addEventListener("click", () => {
      this.#answer(true);
      this.dialog.close();
    });
  }

  // True: yes.
  ask({ title, text, yes }) {
    byId("confirm-title").textContent = title;
    byId("confirm-text").textContent = text;
    byId("confirm-yes").textContent = yes;
    this.dialog.showModal();
    return new Promise((resolve) => (this.resolve = resolve));
  }

  #answer(answer) {
    this.resolve?.(answer);
    this.resolve = undefined;
  }
}
