import { gettext, gettext_noop, interpolate, LOCALE, ngettext } from "/static/js/words.js";
import { equal, test } from "./harness.js";

test("without a catalogue texts are as they are written", () => {
  equal([gettext("Sent"), gettext_noop("Sent")], ["Sent", "Sent"]);
  equal([0, 1, 2].map((count) => ngettext("one", "many", count)), ["many", "one", "many"]);
});

test("values are put in by name, whatever they look like", () => {
  equal(interpolate("%(b)s of %(a)s, %(b)s", { a: "$&", b: "%(a)s" }), "%(a)s of $&, %(a)s");
  equal(interpolate("100 %", {}), "100 %");
});

test("for dates the language is as it is written where the person lives", () => {
  equal(LOCALE, "en-US");
});
