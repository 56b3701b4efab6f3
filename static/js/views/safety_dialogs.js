// What is asked about somebody before they are blocked or reported.

import { wordsOf } from "../attachment.js";
import { said } from "../lazy.js";
import { gettext, interpolate, isolated } from "../words.js";
import { dialog } from "./dialog.js";
import { byId, dress } from "./dom.js";

const OFFLINE = gettext("You are offline: this needs the connection.");

// The other one of a 1:1 chat.
export class PersonDialog {
  constructor() {
    this.dialog = dialog("person-dialog");
    byId("person-block").addEventListener("click", () => this.#choose("block"));
    byId("person-report").addEventListener("click", () => this.#choose("report"));
  }

  show({ id, name, username, isBlocked, ...acts }) {
    this.acts = acts;
    dress(byId("person-avatar"), name, id);
    byId("person-name").textContent = name;
    byId("person-username").textContent = `@${username}`;
    byId("person-block").textContent = isBlocked ? gettext("Unblock") : gettext("Block…");
    this.dialog.showModal();
  }

  close() {
    this.dialog.close();
  }

  #choose(what) {
    this.close();
    this.acts[what]();
  }
}

// Whether somebody is to be blocked, and what that means.
export class BlockDialog {
  constructor() {
    this.dialog = dialog("block-dialog");
    byId("block").addEventListener("click", () => this.#choose());
  }

  ask(name, onBlock) {
    this.onBlock = onBlock;
    byId("block-title").textContent = interpolate(gettext("Block %(name)s?"), { name: isolated(name) });
    this.dialog.showModal();
  }

  close() {
    this.dialog.close();
  }

  #choose() {
    this.close();
    this.onBlock();
  }
}

// What the moderators are to look at, and why. It stays open until they have been told.
export class ReportDialog {
  // `onReport(frame, alsoBlock)`: whom as well; why it was refused, null: it was not.
  constructor({ onReport }) {
    this.onReport = onReport;
    this.dialog = dialog("report-dialog");
    this.form = byId("report-form");
    this.form.addEventListener("submit", (event) => this.#submit(event));
  }

  // Of a person, or of an entry of theirs.
  ask({ client_id, conv, user, name, isBlocked, entry }) {
    this.about = { client_id, conv, ...(entry ? { seq: entry.seq } : { user }) };
    this.user = user;
    const whose = { name: isolated(name) };
    byId("report-title").textContent = interpolate(entry ? gettext("Report this message of %(name)s?") : gettext("Report %(name)s?"), whose);
    byId("report-body").textContent = entry ? wordsOf(entry) : "";
    byId("report-block-text").textContent = interpolate(gettext("Also block %(name)s"), whose);
    byId("report-block").closest("label").hidden = isBlocked;
    this.#say("");
    byId("report").disabled = false;
    this.form.reset();
    this.dialog.showModal();
  }

  close() {
    this.dialog.close();
  }

  async #submit(event) {
    event.preventDefault();
    const { reason, note, block } = Object.fromEntries(new FormData(this.form));
    if (!reason) {
      this.#say(gettext("Choose a reason."));
      return;
    }
    const { about } = this;
    byId("report").disabled = true;
    const refusal = await this.onReport({ ...about, reason, note: note.trim() }, block && this.user);
    // It is about something else by now.
    if (about !== this.about) return;
    byId("report").disabled = false;
    if (refusal) this.#say(refusal.code === "UNKNOWN" ? OFFLINE : await said(refusal.text));
    else this.close();
  }

  #say(text) {
    byId("report-error").textContent = text;
    byId("report-error").hidden = !text;
  }
}
