// Text as it is compared when people search: without case, accents and other marks. Pure.

const LETTERS = { ø: "o", ł: "l", đ: "d", ħ: "h", æ: "ae", œ: "oe", ð: "d", þ: "th", ς: "σ" };

export function fold(text) {
  const plain = text.normalize("NFKD").replace(/\p{M}+/gu, "");
  // Over upper case, which spells out what lower case keeps: ß is ss.
  return plain.toUpperCase().toLowerCase().replace(/[øłđħæœðþς]/gu, (letter) => LETTERS[letter]);
}

// Whether each word of the query is somewhere in the texts.
export function finds(query, texts) {
  const folded = texts.map(fold);
  return fold(query).split(/\s+/u).every((word) => folded.some((text) => text.includes(word)));
}
