// The face of a chat's own screen: its picture or letters, and what admins of a group do to it.

import { upload } from "../group_picture.js";
import { byId, dress } from "./dom.js";

export class GroupFace {
  // `change(picture)`: whether the group has that one now. `say(text)`: why not.
  constructor({ groups, change, say }) {
    Object.assign(this, { groups, change, say });
    this.chooser = byId("group-picture-file");
    this.button = byId("group-picture");
    this.remove = byId("group-picture-remove");
    this.button.addEventListener("click", () => this.chooser.click());
    this.chooser.addEventListener("change", () => this.#chosen());
    this.remove.addEventListener("click", () => this.#take(""));
  }

  draw(chat, isAdmin) {
    this.chat = chat;
    const avatar = byId("group-avatar");
    dress(avatar, chat.name, chat.faceId);
    this.groups.faces.dress(avatar, chat);
    this.remove.hidden = !isAdmin || !chat.roster.picture;
  }

  async #chosen() {
    const [file] = this.chooser.files;
    if (!file) return;
    const { chat } = this;
    this.button.setAttribute("aria-busy", "true");
    const { id, problem } = await upload(file, this.groups.app.sync.nextId());
    this.chooser.value = "";
    if (problem) this.say(problem.title);
    else if (chat === this.chat) await this.#take(id);
    this.button.removeAttribute("aria-busy");
  }

  async #take(picture) {
    const isDone = await this.change(picture);
    // What is pressed goes with the picture.
    if (isDone && !picture) this.button.focus();
  }
}
