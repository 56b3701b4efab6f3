// Times, days and text as people read them.

import { now as serverNow } from "../clock.js";

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const short = new Intl.DateTimeFormat(undefined, { day: "2-digit", month: "2-digit", year: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

export const time = (at) => clock.format(at);
export const exact = (at) => full.format(at);
export const dayKey = (at) => new Date(at).toDateString();

const daysAgo = (at, now) => Math.round((new Date(dayKey(now)) - new Date(dayKey(at))) / 86400000);
const capital = (text) => text.charAt(0).toLocaleUpperCase() + text.slice(1);

export function day(at, now = serverNow()) {
  const ago = daysAgo(at, now);
  if (ago === 0 || ago === 1) return capital(relative.format(-ago, "day"));
  return ago > 1 && ago < 7 ? weekday.format(at) : date.format(at);
}

export function when(at, now = serverNow()) {
  const ago = daysAgo(at, now);
  if (ago === 0) return time(at);
  if (ago === 1) return capital(relative.format(-1, "day"));
  return ago > 1 && ago < 7 ? weekday.format(at) : short.format(at);
}

const MOST = 999;
export const counted = (number) => (number > MOST ? `${MOST}+` : String(number));

// http(s) addresses as links, all else as text. Trailing punctuation belongs to the sentence.
const LINK = /https?:\/\/[^\s<>"]+/giu;

export function pieces(text) {
  const found = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    const url = match[0].replace(/[.,;:!?)\]]+$/u, "");
    found.push({ text: text.slice(at, match.index) }, { url });
    at = match.index + url.length;
  }
  found.push({ text: text.slice(at) });
  return found.filter((piece) => piece.url || piece.text);
}

const EMOJI = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier}|\u200D\p{Extended_Pictographic})*){1,3}$/u;
export const isLarge = (text) => text.length < 40 && EMOJI.test(text.trim());
