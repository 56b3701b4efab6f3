// A sentence about what could not be done, for a while, in nobody's way: above the composer, or below the list where no
// chat is open.

import { said } from "../lazy.js";
import { gettext } from "../words.js";
import { byId } from "./dom.js";

const SHOWN_MS = 7000;
const OFFLINE = gettext("You are offline: this needs the connection.");
const MISSING = gettext("This message is not there any more.");
const SAYS = {
  TOO_LATE: { edit: gettext("It is too late to edit this message."), delete: gettext("It is too late to delete this message for everyone.") },
  NOT_FOUND: { edit: MISSING, delete: MISSING, resend: MISSING },
  NOT_EXPIRED: { resend: gettext("This message has been delivered after all.") },
};

export class NoticeView {
  constructor() {
    this.element = byId("notice");
    this.home = this.element.parentElement;
  }

  // Why an edit, a deletion or a retry was refused; null: it was not.
  async refuse(what, refusal) {
    if (refusal) this.say(refusal.text ? (SAYS[refusal.code]?.[what] ?? (await said(refusal.text))) : OFFLINE);
  }

  say(text) {
    clearTimeout(this.timer);
    const home = byId("thread-pane").hidden ? byId("side") : this.home;
    if (this.element.parentElement !== home) home.append(this.element);
    this.element.textContent = text;
    this.element.hidden = false;
    this.timer = setTimeout(() => (this.element.hidden = true), SHOWN_MS);
  }
}
