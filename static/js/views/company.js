// What is said of the others in a chat: who types, who is online, who was last seen when.

import { gettext, interpolate, isolated, ngettext } from "../words.js";
import { lastSeen } from "./format.js";

const MOST_NAMES = 2;

// Undefined: nobody types.
export function typingLine({ kind, roster }, typists) {
  if (!typists.length) return undefined;
  if (kind === "direct") return gettext("typing");
  const count = typists.length;
  if (count > MOST_NAMES) return interpolate(ngettext("%(count)s person is typing", "%(count)s people are typing", count), { count });
  const [name, other] = typists.map((id) => isolated(roster.nameOf(id)));
  return interpolate(other ? gettext("%(name)s and %(other)s are typing") : gettext("%(name)s is typing"), { name, other });
}

// Undefined: nothing is known.
export function presenceLine(person) {
  if (person?.online) return gettext("online");
  return person?.last_seen_at && lastSeen(person.last_seen_at);
}

const QUIET_MS = 30000;

// The line under the title. Who hears the page is told that somebody types, now and then: it comes and goes.
export class CompanyLine {
  constructor({ line, voice, now = () => performance.now() }) {
    Object.assign(this, { line, voice, now, saidAt: -Infinity });
  }

  draw(chat, presence, otherwise) {
    const typing = typingLine(chat, presence.typing(chat.id));
    const text = typing ?? presenceLine(presence.of(chat.id)) ?? otherwise;
    if (this.line.textContent !== text) this.line.textContent = text;
    this.line.classList.toggle("typing", typing !== undefined);
    this.#voice(typing && (chat.kind === "direct" ? interpolate(gettext("%(name)s is typing"), { name: isolated(chat.name) }) : typing));
  }

  #voice(text = "") {
    if (text === this.voice.textContent) return;
    if (text && this.now() - this.saidAt < QUIET_MS) return;
    if (text) this.saidAt = this.now();
    this.voice.textContent = text;
  }
}
