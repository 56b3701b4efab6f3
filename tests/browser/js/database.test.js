import { forgetOthers, openDatabase } from "/static/js/database.js";
import { equal, test } from "./harness.js";

const entry = (seq, sender = "me", client_id = `c${seq}`) => ({ seq, id: `m${seq}`, sender, client_id, body: `text ${seq}`, at: seq });
const open = (onTaken = () => {}) => openDatabase("device", onTaken);
const names = async () => (await indexedDB.databases()).map(({ name }) => name);

test("entries come back as they were put, once, in order", async () => {
  const database = await open();
  await database.store("c", [entry(3), entry(1)], null);
  await database.store("c", [entry(1), entry(2)], null);
  await database.store("d", [entry(9, "you")], null);
  equal((await database.range("c", 1, 9)).entries, [1, 2, 3].map((seq) => entry(seq)));
  equal((await database.range("c", 2, 2)).entries.length, 1);
});

test("positions only rise, whoever writes them", async () => {
  const [one, other] = [await open(), await open()];
  await one.store("c", [], { conv: "c", received: 5, seen: 2 });
  await other.store("c", [], { conv: "c", received: 3, seen: 3 });
  await other.setPositions([{ conv: "c", received: 4, seen: 1 }]);
  equal(await one.positions(), [{ conv: "c", received: 5, seen: 3 }]);
});

test("entries and their position are both there or neither", async () => {
  const database = await open();
  const failed = await database.store("c", [entry(1), { ...entry(2), seq: undefined }], { conv: "c", received: 2, seen: 0 }).catch((error) => error.name);
  equal(failed, "DataError");
  equal([(await database.range("c", 1, 9)).entries, await database.positions()], [[], []]);
});

test("the same message under another seq is moved, not doubled", async () => {
  const database = await open();
  await database.store("c", [entry(1), entry(2)], null);
  await database.store("c", [{ ...entry(7), client_id: "c2" }], { conv: "c", received: 7, seen: 0 });
  equal((await database.range("c", 1, 9)).entries.map(({ seq, client_id }) => [seq, client_id]), [[1, "c1"], [7, "c2"]]);
  equal((await database.positions())[0].received, 7);
});

test("an epoch begins once: what another tab has stored in it stays", async () => {
  const [one, other] = [await open(), await open()];
  await one.beginEpoch("old");
  await one.store("c", [entry(1)], { conv: "c", received: 1, seen: 0 });
  const { end } = await one.reserveCounters();
  await one.beginEpoch("new");
  equal([(await one.range("c", 1, 9)).entries, await one.positions(), await one.epoch()], [[], [], "new"]);
  await one.store("c", [entry(2)], { conv: "c", received: 2, seen: 0 });
  await other.beginEpoch("new");
  equal([(await other.range("c", 1, 9)).entries.length, await other.positions()], [1, [{ conv: "c", received: 2, seen: 0 }]]);
  // Client ids never begin anew.
  equal((await other.reserveCounters()).next, end);
});

test("tabs never share a counter", async () => {
  const tabs = await Promise.all([open(), open(), open()]);
  const blocks = await Promise.all([...tabs, ...tabs].map((tab) => tab.reserveCounters()));
  const taken = blocks.map(({ next }) => next).sort((a, b) => a - b);
  equal(new Set(taken).size, 6);
  for (const { next, end } of blocks) equal(blocks.some((block) => block.next > next && block.next < end), false);
});

test("wiping tells the other tabs, and leaves nothing", async () => {
  let told = 0;
  const [one] = [await open(), await open(() => (told += 1))];
  await one.store("c", [entry(1)], null);
  await one.wipe();
  equal([told, await names()], [1, []]);
});

test("what another device has left behind is removed, one's own stays", async () => {
  const old = await openDatabase("old", () => {});
  const mine = await open();
  await mine.store("c", [entry(1)], null);
  await forgetOthers("device");
  while ((await names()).includes("messenger-old")) await new Promise((resolve) => setTimeout(resolve, 5));
  equal(await names(), ["messenger-device"]);
  equal((await mine.range("c", 1, 1)).entries.length, 1);
  equal(old.handle.name, "messenger-old");
});

const change = (seq, rev, type = "edit") => ({ seq, rev, type, ...(type === "edit" ? { body: `rev ${rev}`, edited_at: rev } : {}) });
const bodies = async (database) => (await database.range("c", 1, 9)).entries.map(({ seq, body }) => [seq, body]);

test("changes and their revision are both there or neither", async () => {
  const database = await open();
  await database.store("c", [entry(1)], null);
  const failed = await database.change("c", [change(1, 4), { ...change(2, 5), seq: undefined }], { conv: "c", rev: 5 }).catch((error) => error.name);
  equal([failed, await bodies(database), await database.positions()], ["DataError", [[1, "text 1"]], []]);
  await database.change("c", [change(1, 4)], { conv: "c", received: 1, rev: 4, seen: 0 });
  equal([await bodies(database), (await database.positions())[0].rev], [[[1, "rev 4"]], 4]);
});

test("a change waits in the database for its entry", async () => {
  const database = await open();
  equal(await database.change("c", [change(2, 4)], { conv: "c", rev: 4 }), [{ item: change(2, 4) }]);
  // The next page of this device has a handle of its own.
  const next = await open();
  equal((await next.store("c", [entry(1), entry(2)], null)).map(({ body }) => body), ["text 1", "rev 4"]);
  await next.store("c", [entry(2)], null);
  equal(await bodies(next), [[1, "text 1"], [2, "rev 4"]]);
});

test("what is deleted for this person is gone, known to be so, and stays away", async () => {
  const database = await open();
  await database.store("c", [entry(1), entry(2)], null);
  const [outcome] = await database.change("c", [change(1, 4, "hide")], { conv: "c", rev: 4 });
  equal([outcome.before.seq, outcome.after], [1, undefined]);
  equal(await database.store("c", [entry(1)], null), []);
  await database.change("c", [change(1, 5)], { conv: "c", rev: 5 });
  equal(await database.range("c", 1, 2), { entries: [entry(2)], absent: [{ from: 1, to: 1, why: "deleted" }] });
});

test("ranges that are not there are kept, and given where they touch", async () => {
  const database = await open();
  await database.store("c", [], { conv: "c", received: 900 }, [{ from: 3, to: 900, why: "expired" }]);
  await database.store("d", [], null, [{ from: 1, to: 5, why: "no_access" }]);
  const absent = async (from, to) => (await database.range("c", from, to)).absent.map((range) => [range.from, range.to]);
  equal([await absent(1, 2), await absent(1, 3), await absent(500, 510), await absent(901, 999)], [[], [[3, 900]], [[3, 900]], []]);
});

test("a conversation that was left leaves nothing, the others stay", async () => {
  const database = await open();
  for (const conv of ["c", "d"]) {
    await database.store(conv, [entry(1, conv)], { conv, received: 1 }, [{ from: 2, to: 3, why: "expired" }]);
    await database.change(conv, [change(7, 1)], { conv, rev: 1 });
    await database.storeConversations([{ id: conv }]);
  }
  equal(await database.leave({ id: "c" }, "gone", () => {}), []);
  equal(await database.range("c", 0, 99), { entries: [], absent: [] });
  equal([(await database.positions()).length, (await database.conversations()).map(({ id }) => id)], [1, ["d"]]);
  equal((await database.store("c", [entry(7, "c")], null))[0].body, "text 7");
  equal((await database.range("d", 1, 9)).entries.length, 1);
});

test("the newest of a conversation is what it has become since it was noted", async () => {
  const database = await open();
  const last = async () => (await database.conversations()).map((summary) => summary.last && [summary.last.seq, summary.last.body]);
  await database.store("c", [entry(1), entry(2)], null);
  await database.storeConversations([{ id: "c", last: entry(2) }, { id: "d", last: null }]);
  equal(await last(), [[2, "text 2"], null]);
  await database.change("c", [change(2, 4)], { conv: "c", rev: 4 });
  equal(await last(), [[2, "rev 4"], null]);
  await database.change("c", [change(2, 5, "hide")], { conv: "c", rev: 5 });
  equal(await last(), [[1, "text 1"], null]);
  equal((await database.latest("c", { ...entry(7), rev: 9 })).rev, 9);
});

test("the newest one there is to see, below another", async () => {
  const database = await open();
  await database.store("c", [entry(1), entry(2), { ...entry(3), deleted: true, resent_as: 4 }, entry(5)], null);
  equal([(await database.newest("c", 5)).seq, (await database.newest("c", 9)).seq, await database.newest("c", 1)], [2, 5, null]);
});
