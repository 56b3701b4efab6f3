// What is said of the others in a chat: who types, who is online, who was last seen when.

import { lastSeen } from "./format.js";

const MOST_NAMES = 2;

// Undefined: nobody types.
export function typingLine({ kind, roster }, typists) {
  if (!typists.length) return undefined;
  if (kind === "direct") return "typing";
  if (typists.length > MOST_NAMES) return `${typists.length} people are typing`;
  return `${typists.map((id) => roster.nameOf(id)).join(" and ")} ${typists.length > 1 ? "are" : "is"} typing`;
}

// Undefined: nothing is known.
export function presenceLine(person) {
  if (person?.online) return "online";
  return person?.last_seen_at && lastSeen(person.last_seen_at);
}

const QUIET_MS = 30000;

// The line under the title. Who hears the page is told that somebody types, now and then: it comes and goes.
export class CompanyLine {
  constructor({ line, voice, now = Date.now }) {
    Object.assign(this, { line, voice, now, saidAt: -Infinity });
  }

  draw(chat, presence, otherwise) {
    const typing = typingLine(chat, presence.typing(chat.id));
    const text = typing ?? presenceLine(presence.of(chat.id)) ?? otherwise;
    if (this.line.textContent !== text) this.line.textContent = text;
    this.line.classList.toggle("typing", typing !== undefined);
    this.#voice(typing && (chat.kind === "direct" ? `${chat.name} is typing` : typing));
  }

  #voice(text = "") {
    if (text === this.voice.textContent) return;
    if (text && this.now() - this.saidAt < QUIET_MS) return;
    if (text) this.saidAt = this.now();
    this.voice.textContent = text;
  }
}
