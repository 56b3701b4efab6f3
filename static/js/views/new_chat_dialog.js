// Whom to write to. Focus goes back where it was by itself.

import { gettext } from "../words.js";
import { dialog } from "./dialog.js";
import { byId } from "./dom.js";

export class NewChatDialog {
  constructor({ onOpen, onGroup }) {
    this.dialog = dialog("new-chat-dialog");
    this.error = byId("new-chat-error");
    this.field = byId("username");
    this.onOpen = onOpen;
    this.field.addEventListener("input", () => (this.error.hidden = true));
    byId("new-group").addEventListener("click", () => {
      this.close();
      onGroup();
    });
    byId("new-chat-form").addEventListener("submit", (event) => this.#submit(event));
  }

  open() {
    this.field.value = "";
    this.error.hidden = true;
    this.dialog.showModal();
  }

  // With someone who is named already.
  start(username) {
    this.open();
    this.field.value = username;
    byId("new-chat-form").requestSubmit();
  }

  close() {
    this.dialog.close();
  }

  refuse(text) {
    this.error.textContent = text;
    this.error.hidden = false;
    this.field.focus();
  }

  #submit(event) {
    event.preventDefault();
    const username = this.field.value.trim().replace(/^@/u, "").toLowerCase();
    if (!username) this.refuse(gettext("Whom do you want to write to?"));
    else if (!this.onOpen(username)) this.refuse(gettext("You are offline: a new chat needs the connection."));
  }
}
