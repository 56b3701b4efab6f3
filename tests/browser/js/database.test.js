import { openDatabase } from "/static/js/database.js";
import { countUnsent, inherit, wipeAll } from "/static/js/databases.js";
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

test("wiping tells the other tabs, and leaves nothing of any device", async () => {
  const told = [];
  const [one, , old] = [await open(), await open((why) => told.push(why)), await openDatabase("old", () => {})];
  await one.store("c", [entry(1)], null);
  await old.store("c", [entry(1)], null);
  await wipeAll("device");
  equal([told, await names()], [["signed-out"], []]);
});

const item = (client_id, more = {}) => ({ client_id, conv: "c", body: client_id, made: 1, state: "pending", ...more });
const left = async (user) => {
  const old = await openDatabase("old", () => {});
  if (user) await old.belongTo(user);
  await old.store("c", [entry(1)], null);
  await old.outbox.add(item("o2", { state: "rejected", reason: "why" }));
  await old.outbox.add(item("o1"));
  await old.outbox.setDraft({ conv: "c", text: "half a", quote: null });
  await old.outbox.setDraft({ conv: "d", text: "a draft", quote: 7 });
  return old;
};
const gone = async (name) => {
  while ((await names()).includes(name)) await new Promise((resolve) => setTimeout(resolve, 5));
};

test("a device's unsent messages and drafts go over to the next one of the same person, in their order, once", async () => {
  await left("me");
  const mine = await open();
  await mine.outbox.add(item("m1"));
  await mine.outbox.setDraft({ conv: "c", text: "newer", quote: null });
  equal(await countUnsent("device"), 3);
  const found = await inherit(mine, "device", "me");
  await gone("messenger-old");
  const all = await mine.outbox.all();
  equal(all.map(({ client_id, state }) => [client_id, state]), [["m1", "pending"], ["o2", "rejected"], ["o1", "pending"]]);
  equal([found.items.map(({ n }) => n), found.drafts.map(({ conv }) => conv)], [all.slice(1).map(({ n }) => n), ["d"]]);
  equal((await mine.outbox.drafts()).map(({ conv, text }) => [conv, text]), [["c", "newer"], ["d", "a draft"]]);
  // A tab that died between taking and removing: it is there already.
  await left("me");
  equal([await inherit(mine, "device", "me"), (await mine.outbox.all()).length], [{ items: [], drafts: [] }, 3]);
});

test("of another person, or nobody knows whose, nothing stays; one's own does", async () => {
  for (const whose of ["you", null]) {
    const old = await left(whose);
    const mine = await open();
    await mine.store("c", [entry(1)], null);
    equal(await inherit(mine, "device", "me"), { items: [], drafts: [] });
    await gone("messenger-old");
    equal([await names(), await mine.outbox.all(), (await mine.range("c", 1, 1)).entries.length], [["messenger-device"], [], 1]);
    equal(old.handle.name, "messenger-old");
  }
});

// As of a page of before: its stores had other shapes.
const raw = (version, upgrade = () => {}) =>
  new Promise((resolve, reject) => {
    const request = indexedDB.open("messenger-device", version);
    request.onupgradeneeded = () => upgrade(request.result);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

test("an older version: unsent messages, drafts and the counter stay, what is the server's goes and comes anew", async () => {
  const old = await raw(2, (database) => {
    database.createObjectStore("messages", { keyPath: ["conv", "seq"] });
    database.createObjectStore("something", { keyPath: "id" });
    database.createObjectStore("meta");
    database.createObjectStore("outbox", { keyPath: "n", autoIncrement: true }).createIndex("client_id", "client_id", { unique: true });
    database.createObjectStore("drafts", { keyPath: "conv" });
  });
  const stores = old.transaction(["messages", "meta", "outbox", "drafts"], "readwrite");
  stores.objectStore("messages").put({ conv: "c", seq: 1 });
  stores.objectStore("meta").put(501, "counter");
  stores.objectStore("meta").put("epoch", "epoch");
  for (const id of ["o1", "o2"]) stores.objectStore("outbox").add(item(id));
  stores.objectStore("drafts").put({ conv: "c", text: "half a", quote: 3 });
  await new Promise((resolve) => (stores.oncomplete = resolve));
  old.close();
  const database = await open();
  equal((await database.outbox.all()).map(({ client_id, n }) => [client_id, n]), [["o1", 1], ["o2", 2]]);
  equal([await database.outbox.drafts(), (await database.reserveCounters()).next], [[{ conv: "c", text: "half a", quote: 3 }], 501]);
  equal([(await database.range("c", 1, 9)).entries, await database.epoch()], [[], undefined]);
  equal((await database.outbox.add(item("o3"))).n, 3);
});

test("a newer page takes the database: this one is told so, and is told apart from a full store", async () => {
  const told = [];
  await open((why) => told.push(why));
  (await raw(99)).close();
  const refused = await open().catch((error) => error.name);
  equal([told, refused], [["outdated"], "VersionError"]);
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
