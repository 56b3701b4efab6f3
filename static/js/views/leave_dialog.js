// The question before unsent messages are lost, and what to know when one is still signed in.

import { gettext, interpolate, ngettext } from "../words.js";
import { dialog } from "./dialog.js";
import { byId } from "./dom.js";
import { number } from "./format.js";

export class LeaveDialog {
  constructor({ onLeave }) {
    this.dialog = dialog("leave-dialog");
    byId("leave").addEventListener("click", onLeave);
  }

  ask(count) {
    const text = ngettext("One message has not been sent yet.", "%(count)s messages have not been sent yet.", count);
    this.#show(gettext("Sign out and lose them?"), interpolate(text, { count: number.format(count) }));
  }

  // Why the server was not told: nothing has changed.
  refuse(text) {
    this.#show(gettext("You are still signed in"), `${text} ${gettext("Nothing was removed here.")}`);
  }

  #show(title, text) {
    byId("leave-title").textContent = title;
    byId("leave-text").textContent = text;
    if (!this.dialog.open) this.dialog.showModal();
  }
}
