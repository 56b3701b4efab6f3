// The page's texts in its language, by Django's catalogue, which base page and catalogue (chat/web/words.py) put before
// all modules. Without one (English, a test of a single module) they are as they are written here. What is kept or sent
// is kept and sent in English (`gettext_noop`) and said in the language of whoever reads it.

const { django, document, navigator } = globalThis;

export const gettext = django?.gettext ?? ((text) => text);
export const ngettext = django?.ngettext ?? ((one, many, count) => (count === 1 ? one : many));
export const gettext_noop = (text) => text;

// Each %(name)s by its value.
export const interpolate = (text, values) => text.replace(/%\((\w+)\)s/gu, (_, name) => values[name]);

// A name inside a sentence: whichever way it is written, the sentence keeps its direction (Unicode TR9, FSI and PDI).
export const isolated = (name) => `\u2068${name}\u2069`;

// For Intl: the page's language as it is written where the person lives.
const language = document.documentElement.lang || "en";
export const LOCALE = navigator.languages.find((each) => each.split("-")[0] === language) ?? language;
