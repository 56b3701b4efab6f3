import { Roster } from "/static/js/roster.js";
import { equal, test } from "./harness.js";

const member = (id, more = {}) => ({ id, name: id, username: id, role: "member", stays: [[1, null]], delivered: 0, seen: 0, ...more });
const crowd = (count) => [member("me", { role: "admin" }), ...Array.from({ length: count - 1 }, (_, n) => member(`m${n}`))];

function make(count) {
  const roster = new Roster("me");
  roster.update({ title: "Cabin", members: crowd(count), count, members_rev: 1 });
  return roster;
}

const told = (roster) => [roster.role, roster.members.length, roster.count, roster.isWhole, roster.isLarge];

test("a large group whose people are not told keeps those it knows until they are", () => {
  const roster = make(60);
  equal(told(roster), ["admin", 60, 60, true, true]);
  roster.update({ title: "Cabin", members: [], count: 59, members_rev: 2 });
  equal(told(roster), ["admin", 60, 59, true, true], "one has gone");
  roster.update({ title: "Cabin", members: crowd(59), count: 59, members_rev: 2 });
  equal(told(roster), ["admin", 59, 59, true, true]);
  equal([roster.past.map(({ id }) => id), roster.nameOf("m58")], [["m58"], "m58"]);
});

test("who came to a large group is not known until all are told", () => {
  const roster = make(60);
  roster.update({ title: "Cabin", members: [], count: 61, members_rev: 2 });
  equal(told(roster), ["admin", 60, 61, false, true]);
  roster.update({ title: "Cabin", members: [], count: 60, members_rev: 3 });
  equal(told(roster), ["admin", 60, 60, false, true], "perhaps not the one who came");
  roster.update({ title: "Cabin", members: crowd(60), count: 60, members_rev: 3 });
  equal(told(roster), ["admin", 60, 60, true, true]);
});

test("a group is large by its count, however it was told", () => {
  equal([make(50).isLarge, make(51).isLarge], [false, true]);
  const roster = make(51);
  roster.update({ title: "Cabin", members: crowd(50), count: 50, members_rev: 2 });
  equal(told(roster), ["admin", 50, 50, true, false]);
});
