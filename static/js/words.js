// The page's texts in its language, by a catalogue (chat/web/words.py) that comes before all modules. Without one (English,
// a test of a single module) they are as they are written here. What is kept or sent is kept and sent in English
// (`gettext_noop`) and said in the language of whoever reads it.

const { words, document, navigator } = globalThis;
const texts = words?.texts ?? {};

// Where the texts of the parts are that come when they are asked for (lazy.js): a script that adds them.
export const more = words?.more;

const known = (text) => (Object.hasOwn(texts, text) ? texts[text] : undefined);

export const gettext = (text) => known(text) ?? text;
export const ngettext = (one, many, count) => known(one)?.[words.plural(count)] ?? (count === 1 ? one : many);
export const gettext_noop = (text) => text;

// Each %(name)s by its value.
export const interpolate = (text, values) => text.replace(/%\((\w+)\)s/gu, (_, name) => values[name]);

// A name inside a sentence: whichever way it is written, the sentence keeps its direction (Unicode TR9, FSI and PDI).
export const isolated = (name) => `\u2068${name}\u2069`;

// For Intl: the page's language as it is written where the person lives.
const language = document.documentElement.lang || "en";
export const LOCALE = navigator.languages.find((each) => each.split("-")[0] === language) ?? language;
