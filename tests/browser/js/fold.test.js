import { finds, fold } from "/static/js/fold.js";
import { equal, test } from "./harness.js";

test("case and marks do not matter", () => {
  const cases = { "Zoë": "zoe", "JOSÉ": "jose", "Straße": "strasse", "Łódź": "lodz", "Ærø": "aero", "İstanbul": "istanbul", "ΟΔΟΣ": "οδοσ", "ｆｕｌｌ": "full", "Ёлка": "елка" };
  for (const [text, folded] of Object.entries(cases)) equal(fold(text), folded, `${text}:`);
});

test("folding again changes nothing", () => {
  for (const text of ["Zoë Straße", "İı", "Σίσυφος", "ﬁ ½ ™", "👨‍👩‍👧 e\u0301"]) equal(fold(fold(text)), fold(text), `${text}:`);
});

test("each word is found somewhere", () => {
  equal(finds("zoe", ["Zoë Brandt", "zb"]), true);
  equal(finds("brandt zo", ["Zoë Brandt", "zb"]), true);
  equal(finds("BRANDT zb", ["Zoë Brandt", "zb"]), true);
  equal(finds("zoe x", ["Zoë Brandt", "zb"]), false);
  equal(finds("", ["Zoë"]), true);
});
