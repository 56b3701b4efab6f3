import { day, isLarge, isLong, pieces } from "/static/js/views/format.js";
import { equal, test } from "./harness.js";

const urls = (text) => pieces(text).filter(({ url }) => url).map(({ url }) => url);

test("only web and mail addresses are links, without the punctuation of the sentence", () => {
  const cases = [
    ["see https://example.org/a?b=c. Or", ["https://example.org/a?b=c"]],
    ["(http://example.org/a)", ["http://example.org/a"]],
    ["https://example.org/Foo_(bar), then", ["https://example.org/Foo_(bar)"]],
    ["HTTPS://EXAMPLE.ORG", ["HTTPS://EXAMPLE.ORG"]],
    ["mailto:nora@example.org!", ["mailto:nora@example.org"]],
    ["http://one.example http://two.example", ["http://one.example", "http://two.example"]],
    ["https://例え.jp/路", ["https://例え.jp/路"]],
    ["javascript:alert(1) data:text/html,x file:///etc ftp://a.b vbscript:x", []],
    ["https:// mailto: mailto:@ http:///x https://.", []],
  ];
  for (const [text, expected] of cases) equal(urls(text), expected, text);
});

test("a link ends where the direction of writing is turned", () => {
  equal(urls("https://example.org/\u202egpj.exe"), ["https://example.org/"]);
});

test("the pieces are the text, to the last letter", () => {
  for (const text of ["", " ", "a https://b.c, d\n", "https://b.c", "(https://b.c)(https://d.e)", "to mailto:a@b.c"]) {
    equal(pieces(text).map((piece) => piece.text).join(""), text);
  }
});

test("up to three emoji alone are large", () => {
  for (const text of ["👍", "❤️", "❤", "👩‍👩‍👧‍👦", "🇪🇺", "👍🏽 🎉", "1️⃣", "😀😀😀", " 😀\n"]) equal(isLarge(text), true, text);
  for (const text of ["", "a", "1", "#", "😀 a", "😀😀😀😀", "😀".repeat(50)]) equal(isLarge(text), false, text);
});

test("text is long from so many letters or lines on", () => {
  equal([isLong("a".repeat(1200)), isLong("a".repeat(1201))], [false, true]);
  equal([isLong("\n".repeat(19)), isLong("\n".repeat(20))], [false, true]);
});

test("days by name near today, by date far from it", () => {
  const noon = new Date(2026, 4, 20, 12).getTime();
  const ago = (days) => day(noon - days * 86400000, noon);
  equal([ago(0), ago(1), ago(2), ago(6), ago(7)], ["Today", "Yesterday", "Monday", "Thursday", "May 13, 2026"]);
  equal(day(noon + 3 * 86400000, noon), "May 23, 2026");
});
