import { Presence } from "/static/js/presence.js";
import { CompanyLine, presenceLine, typingLine } from "/static/js/views/company.js";
import { lastSeen } from "/static/js/views/format.js";
import { Roster } from "/static/js/roster.js";
import { equal, fakeTimers, test } from "./harness.js";

function make() {
  const timers = fakeTimers();
  const [said, drawn] = [[], []];
  const presence = new Presence({ say: (frame) => said.push(frame), changed: (conv) => drawn.push(conv), now: timers.now });
  return { presence, timers, take: () => said.splice(0), drawn: () => drawn.splice(0) };
}

test("one's typing is said while the text changes, every three seconds at most, in each chat", () => {
  const { presence, timers, take } = make();
  for (let ms = 0; ms < 6000; ms += 100) {
    presence.wrote("c");
    timers.pass(100);
  }
  equal(take(), [{ t: "typing", conv: "c" }, { t: "typing", conv: "c" }]);
  presence.wrote("d");
  equal(take(), [{ t: "typing", conv: "d" }]);
  timers.pass(60000);
  equal(take(), []);
});

test("another's typing is over after six seconds, unless it goes on or the message comes", () => {
  const { presence, timers, drawn } = make();
  presence.on_typing({ conv: "c", user: "bob" });
  presence.on_typing({ conv: "c", user: "carol" });
  equal(presence.typing("c"), ["bob", "carol"]);
  timers.pass(5000);
  presence.on_typing({ conv: "c", user: "bob" });
  timers.pass(1000);
  equal(presence.typing("c"), ["bob"]);
  presence.stopped("c", "bob");
  equal(presence.typing("c"), []);
  equal(drawn(), ["c", "c", "c", "c", "c"]);
  presence.stopped("c", "bob");
  presence.stopped("d", "bob");
  timers.pass(60000);
  equal(drawn(), []);
});

test("it is asked of the open chat, if that is with one person", () => {
  const { presence, take } = make();
  presence.watch({ id: "c", kind: "direct" });
  equal(take(), [{ t: "presence", conv: "c" }]);
  presence.ask();
  equal(take(), [{ t: "presence", conv: "c" }]);
  presence.watch({ id: "g", kind: "group" });
  presence.watch(null);
  presence.ask();
  equal(take(), []);
});

test("only of that chat anything is known, until the connection goes", () => {
  const { presence } = make();
  const bob = { id: "bob", online: true };
  presence.watch({ id: "c", kind: "direct" });
  presence.on_presence({ conv: "d", people: [bob] });
  equal(presence.of("c"), null);
  presence.on_presence({ conv: "c", people: [bob] });
  equal(presence.of("c"), bob);
  presence.on_presence({ conv: "c", people: [] });
  equal(presence.of("c"), null);
  presence.on_presence({ conv: "c", people: [bob] });
  presence.on_typing({ conv: "c", user: "bob" });
  presence.forget();
  equal([presence.of("c"), presence.typing("c")], [null, []]);
  presence.on_presence({ conv: "c", people: [bob] });
  presence.watch({ id: "d", kind: "direct" });
  equal([presence.of("c"), presence.of("d")], [null, null]);
});

const NOON = new Date(2026, 10, 25, 12, 34).getTime();

test("when somebody was last seen, in words", () => {
  const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short" }).format(NOON);
  const later = (days) => new Date(2026, 10, 25 + days, 13).getTime();
  equal(lastSeen(NOON, later(0)), `last seen today at ${clock}`);
  equal(lastSeen(NOON, later(1)), `last seen yesterday at ${clock}`);
  equal(lastSeen(NOON, later(3)), `last seen on Wednesday at ${clock}`);
  equal(lastSeen(NOON, later(30)), `last seen on November 25, 2026 at ${clock}`);
});

test("what is not known is not said", () => {
  equal([presenceLine(null), presenceLine({ online: false })].filter(Boolean), []);
  equal(presenceLine({ online: true }), "online");
});

const member = (id) => ({ id, name: id, username: id, delivered: 0, seen: 0 });

test("who types, in words", () => {
  const roster = new Roster("me");
  roster.update({ title: "club", members: ["me", "bob", "carol", "dave"].map(member) });
  const line = (...typists) => typingLine({ kind: "group", roster }, typists) ?? "nobody";
  equal([line(), line("bob"), line("bob", "carol")], ["nobody", "\u2068bob\u2069 is typing", "\u2068bob\u2069 and \u2068carol\u2069 are typing"]);
  equal(line("bob", "carol", "dave"), "3 people are typing");
  equal(typingLine({ kind: "direct", roster }, ["bob"]), "typing");
});

test("the voice says it once in a while, not each time", () => {
  const { presence, timers } = make();
  const [line, voice] = [document.createElement("p"), document.createElement("p")];
  const company = new CompanyLine({ line, voice, now: timers.now });
  const chat = { id: "c", kind: "direct", name: "Bob" };
  const heard = [];
  const draw = () => {
    company.draw(chat, presence, "@bob");
    heard.push(voice.textContent);
  };
  const type = (after) => {
    timers.pass(after);
    presence.on_typing({ conv: "c", user: "bob" });
    draw();
    equal([line.textContent, line.className], ["typing", "typing"]);
    presence.stopped("c", "bob");
    draw();
    equal([line.textContent, line.className], ["@bob", ""]);
  };
  type(0);
  type(10000);
  type(20000);
  equal(heard, ["\u2068Bob\u2069 is typing", "", "", "", "\u2068Bob\u2069 is typing", ""]);
});
