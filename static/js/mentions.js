// Who is meant by "@username" in a text. A dot or a dash after it may belong to the sentence.

import { h } from "./views/dom.js";

const CALL = /(?<![\w@.])@([a-z0-9][a-z0-9_.-]{2,29})/giu;
const MOST = 50;

const longest = (name, has) => (!name || has(name) ? name : longest(/[._-]$/u.test(name) ? name.slice(0, -1) : "", has));

// Each {at, name} of those whom `has(name)` knows.
export const calls = (text, has) =>
  [...text.matchAll(CALL)].map(({ index: at, 1: name }) => ({ at, name: longest(name.toLowerCase(), has) })).filter(({ name }) => name);

// Their ids, of a group.
export function mentioned(text, chat) {
  if (chat?.kind !== "group") return [];
  const ids = new Map(chat.roster.others.map(({ id, username }) => [username, id]));
  return [...new Set(calls(text, (name) => ids.has(name)).map(({ name }) => ids.get(name)))].slice(0, MOST);
}

// Of whom a message mentions, as far as they are known.
export const usernames = ({ mentions = [] }, { roster }) => mentions.map((id) => roster.find(id)?.username).filter(Boolean);

// The words, with whoever is mentioned standing out.
export function marked(words, called) {
  let from = 0;
  const parts = calls(words, (name) => called.includes(name)).flatMap(({ at, name }) => {
    const before = words.slice(from, at);
    from = at + name.length + 1;
    return [before, h("strong", { class: "mention" }, words.slice(at, from))];
  });
  return [...parts, words.slice(from)];
}
