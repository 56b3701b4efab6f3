// The face of a chat's own screen: its picture or letters, and what admins of a group do to it.

import { api } from "../group_api.js";
import { upload } from "../group_picture.js";
import { byId, dress } from "./dom.js";

export class GroupFace {
  // `say(text)`: why it is not so; empty: it is.
  constructor({ groups, say }) {
    Object.assign(this, { groups, say, isBusy: false });
    this.chooser = byId("group-picture-file");
    this.button = byId("group-picture");
    this.remove = byId("group-picture-remove");
    this.button.addEventListener("click", () => !this.isBusy && this.chooser.click());
    this.chooser.addEventListener("change", () => this.#chosen());
    this.remove.addEventListener("click", () => this.#remove());
  }

  draw(chat, isAdmin) {
    this.chat = chat;
    const avatar = byId("group-avatar");
    dress(avatar, chat.name, chat.faceId);
    this.groups.faces.dress(avatar, chat);
    this.remove.hidden = !isAdmin || !chat.roster.picture;
  }

  // One at a time; for the group it was chosen for, whatever is looked at by then.
  async #chosen() {
    const [file] = this.chooser.files;
    if (!file || this.isBusy) return;
    const { chat } = this;
    this.#busy(true);
    const { id, problem } = await upload(file, this.groups.app.sync.nextId());
    this.#tell(chat, problem ? { problem } : await this.#show(chat, id));
    this.chooser.value = "";
    this.#busy(false);
  }

  async #remove() {
    const { chat } = this;
    const answer = await this.#show(chat, "");
    this.#tell(chat, answer);
    // What was pressed goes with the picture.
    if (!answer.problem) this.button.focus();
  }

  #show(chat, picture) {
    return api("PATCH", `/groups/${chat.id}`, { picture });
  }

  #tell(chat, { problem }) {
    if (chat.id === this.chat.id) this.say(problem?.title ?? "");
  }

  #busy(isBusy) {
    this.isBusy = isBusy;
    this.button.setAttribute("aria-busy", String(isBusy));
  }
}
