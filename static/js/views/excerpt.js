// Where in a text something was found: what stands around the first of it, and all of it marked.

import { h } from "./dom.js";

const BEFORE = 32;
const MOST = 160;

const escaped = (word) => word.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&");

// [text, isFound] in order. Only letters of the same case and marks, or of another case, are found: the server's rule.
export function pieces(text, query) {
  const words = [...new Set(query.split(/\s+/u).filter(Boolean))].sort((a, b) => b.length - a.length);
  const line = text.replace(/\s+/gu, " ");
  const pattern = new RegExp(words.map(escaped).join("|"), "giu");
  const first = line.search(pattern);
  const [from, to] = bounds(line, first);
  const shown = `${from ? "…" : ""}${line.slice(from, to)}${to < line.length ? "…" : ""}`;
  const found = [];
  let at = 0;
  for (const { index, 0: match } of shown.matchAll(pattern)) {
    found.push([shown.slice(at, index), false], [match, true]);
    at = index + match.length;
  }
  return [...found, [shown.slice(at), false]].filter(([part]) => part);
}

// Never in the midst of a word, if one ends near, nor of a character.
function bounds(line, first) {
  let from = Math.max(0, first - BEFORE);
  if (from) from = Math.min(first, line.indexOf(" ", from) + 1 || first);
  let to = Math.min(line.length, from + MOST);
  if (to < line.length && /[\uD800-\uDBFF]/u.test(line[to - 1])) to -= 1;
  return [from, to];
}

export const excerpt = (text, query) => pieces(text, query).map(([part, isFound]) => (isFound ? h("mark", {}, part) : part));
