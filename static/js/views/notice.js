// A sentence about what could not be done, for a while, in nobody's way.

import { byId } from "./dom.js";

const SHOWN_MS = 7000;
const OFFLINE = "You are offline: this needs the connection.";
const SAYS = {
  UNKNOWN: { edit: OFFLINE, delete: OFFLINE },
  TOO_LATE: { edit: "It is too late to edit this message.", delete: "It is too late to delete this message for everyone." },
  NOT_FOUND: { edit: "This message is not there any more.", delete: "This message is not there any more.", resend: "This message is not there any more." },
  NOT_EXPIRED: { resend: "This message has been delivered after all." },
};

export class NoticeView {
  constructor() {
    this.element = byId("notice");
  }

  // Why an edit, a deletion or a retry was refused; null: it was not.
  refuse(what, refusal) {
    if (refusal) this.say(SAYS[refusal.code]?.[what] ?? refusal.text);
  }

  say(text) {
    clearTimeout(this.timer);
    this.element.textContent = text;
    this.element.hidden = false;
    this.timer = setTimeout(() => (this.element.hidden = true), SHOWN_MS);
  }
}
