// Times, days and text as people read them.

import { now as serverNow } from "../clock.js";
import { LOCALE, gettext, interpolate } from "../words.js";

const clock = new Intl.DateTimeFormat(LOCALE, { timeStyle: "short" });
const weekday = new Intl.DateTimeFormat(LOCALE, { weekday: "long" });
const date = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "long", year: "numeric" });
const short = new Intl.DateTimeFormat(LOCALE, { day: "2-digit", month: "2-digit", year: "2-digit" });
const full = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" });

export const number = new Intl.NumberFormat(LOCALE);

export const time = (at) => clock.format(at);
export const exact = (at) => full.format(at);
export const dayKey = (at) => new Date(at).toDateString();

const daysAgo = (at, now) => Math.round((new Date(dayKey(now)) - new Date(dayKey(at))) / 86400000);
const capital = (text) => text.charAt(0).toLocaleUpperCase(LOCALE) + text.slice(1);

export function day(at, now = serverNow()) {
  const ago = daysAgo(at, now);
  if (ago === 0 || ago === 1) return capital(relative.format(-ago, "day"));
  return ago > 1 && ago < 7 ? weekday.format(at) : date.format(at);
}

export function lastSeen(at, now = serverNow()) {
  const ago = daysAgo(at, now);
  if (ago === 0 || ago === 1) return interpolate(gettext("last seen %(day)s at %(time)s"), { day: relative.format(-ago, "day"), time: time(at) });
  return interpolate(gettext("last seen on %(day)s at %(time)s"), { day: day(at, now), time: time(at) });
}

export function when(at, now = serverNow()) {
  const ago = daysAgo(at, now);
  if (ago === 0) return time(at);
  if (ago === 1) return capital(relative.format(-1, "day"));
  return ago > 1 && ago < 7 ? weekday.format(at) : short.format(at);
}

const moment = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });
// From when on: today only the time.
export const since = (at, now = serverNow()) => (daysAgo(at, now) === 0 ? time(at) : moment.format(at));

const MOST = 999;
export const counted = (number) => (number > MOST ? `${MOST}+` : String(number));

// Web and mail addresses as links, all else as text. Punctuation after one belongs to the sentence, as does a bracket
// that was not opened in it. Marks that turn the direction of writing are never part of one: it would read as another.
const LINK = /(?:https?:\/\/|mailto:)[^\s<>"\u200e\u200f\u202a-\u202e\u2066-\u2069]+/giu;
const END = /[.,;:!?'*_\])]$/u;
const OPENS = { ")": "(", "]": "[" };

const countOf = (text, letter) => text.split(letter).length - 1;

function address(found) {
  const last = found.at(-1);
  const isOpened = OPENS[last] && countOf(found, OPENS[last]) >= countOf(found, last);
  return END.test(found) && !isOpened ? address(found.slice(0, -1)) : found;
}

const isAddress = (url) => /^(?:https?:\/\/[^/]|mailto:[^@]+@[^@])/iu.test(url) && URL.canParse(url);

// [{text}, {url, text}, …]
export function pieces(text) {
  const found = [];
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    const url = address(match[0]);
    if (!isAddress(url)) continue;
    found.push({ text: text.slice(at, match.index) }, { url, text: url });
    at = match.index + url.length;
  }
  found.push({ text: text.slice(at) });
  return found.filter((piece) => piece.text);
}

// Up to three emoji and nothing else.
const EMOJI = /^(?:(?:\p{RGI_Emoji}|\p{Extended_Pictographic})\s*){1,3}$/v;
export const isLarge = (text) => text.length < 40 && EMOJI.test(text.trim());

const FOLD_CHARS = 1200;
const FOLD_LINES = 20;
export const isLong = (text) => text.length > FOLD_CHARS || countOf(text, "\n") >= FOLD_LINES;
