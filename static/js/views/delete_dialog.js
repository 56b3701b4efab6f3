// Whether a message is to go: for oneself, or one's own for everyone.

import { wordsOf } from "../attachment.js";
import { dialog } from "./dialog.js";
import { byId } from "./dom.js";

export class DeleteDialog {
  constructor() {
    this.dialog = dialog("delete-dialog");
    this.buttons = { me: byId("delete-for-me"), all: byId("delete-for-all") };
    for (const [whom, button] of Object.entries(this.buttons)) button.addEventListener("click", () => this.#choose(whom));
  }

  // `onDelete(whom)`: for "me" or for "all".
  ask(entry, isOwn, onDelete) {
    this.onDelete = onDelete;
    byId("delete-body").textContent = entry.deleted ? "" : wordsOf(entry);
    this.buttons.all.hidden = !isOwn;
    this.dialog.showModal();
  }

  close() {
    this.dialog.close();
  }

  #choose(whom) {
    this.close();
    this.onDelete(whom);
  }
}
