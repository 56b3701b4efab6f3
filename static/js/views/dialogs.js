// New chat, and message info.

import { byId, h } from "./dom.js";
import { exact } from "./format.js";

for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

export class NewChatDialog {
  constructor({ onOpen }) {
    this.dialog = byId("new-chat-dialog");
    this.error = byId("new-chat-error");
    this.field = byId("username");
    byId("new-chat-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const username = this.field.value.trim().replace(/^@/u, "");
      if (username) onOpen(username);
    });
  }

  open() {
    this.field.value = "";
    this.error.hidden = true;
    this.dialog.showModal();
  }

  close() {
    this.dialog.close();
  }

  refuse(text) {
    this.error.textContent = text;
    this.error.hidden = false;
  }
}

const moment = (label, at) => [h("dt", {}, label), h("dd", {}, at ? exact(at) : "—")];

export class InfoDialog {
  constructor() {
    this.dialog = byId("info-dialog");
  }

  open(entry) {
    this.seq = entry.seq;
    byId("info-body").textContent = entry.body;
    byId("info-people").replaceChildren();
    this.dialog.showModal();
  }

  show({ seq, people }) {
    if (seq !== this.seq) return;
    byId("info-people").replaceChildren(
      ...people.map((person) =>
        h("li", {}, h("strong", { dir: "auto" }, person.name), h("dl", {}, ...moment("Delivered", person.delivered_at), ...moment("Read", person.seen_at))),
      ),
    );
  }
}
