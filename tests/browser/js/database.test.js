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
  equal(await database.entries("c", 1, 9), [1, 2, 3].map((seq) => ({ ...entry(seq), conv: "c" })));
  equal((await database.entries("c", 2, 2)).length, 1);
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
  equal([await database.entries("c", 1, 9), await database.positions()], [[], []]);
});

test("the same message under another seq is moved, not doubled", async () => {
  const database = await open();
  await database.store("c", [entry(1), entry(2)], null);
  await database.store("c", [{ ...entry(7), client_id: "c2" }], { conv: "c", received: 7, seen: 0 });
  equal((await database.entries("c", 1, 9)).map(({ seq, client_id }) => [seq, client_id]), [[1, "c1"], [7, "c2"]]);
  equal((await database.positions())[0].received, 7);
});

test("an epoch begins once: what another tab has stored in it stays", async () => {
  const [one, other] = [await open(), await open()];
  await one.beginEpoch("old");
  await one.store("c", [entry(1)], { conv: "c", received: 1, seen: 0 });
  const { end } = await one.reserveCounters();
  await one.beginEpoch("new");
  equal([await one.entries("c", 1, 9), await one.positions(), await one.epoch()], [[], [], "new"]);
  await one.store("c", [entry(2)], { conv: "c", received: 2, seen: 0 });
  await other.beginEpoch("new");
  equal([(await other.entries("c", 1, 9)).length, await other.positions()], [1, [{ conv: "c", received: 2, seen: 0 }]]);
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
  equal((await mine.entries("c", 1, 1)).length, 1);
  equal(old.handle.name, "messenger-old");
});
