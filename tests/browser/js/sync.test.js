import { Chats } from "/static/js/chats.js";
import { Sync } from "/static/js/sync.js";
import { CONV, DEVICE, entry, make, ME, shown, summary, welcome, YOU } from "./engine.js";
import { equal, test } from "./harness.js";

test("an entry is stored, then shown and acknowledged", async () => {
  const { connect, hear, acks, chat, database } = await make();
  await connect();
  await hear({ t: "messages", conv: CONV, entries: [entry(1)] });
  equal([acks(), shown(chat()), await database.positions()], [["DELIVERED 1"], [1], [{ conv: CONV, received: 1, rev: 0, seen: 0, horizon: 0 }]]);
});

test("with a full disk, what is stored is shown all the same", async () => {
  const { sync, connect, hear, database } = await make();
  await connect("e", [summary({ head: 1 })]);
  await hear({ t: "messages", conv: CONV, entries: [entry(1)] });
  sync.stop("signed-out");
  const log = [];
  database.reserveCounters = async () => {
    log.push("reserve");
    throw new DOMException("full", "QuotaExceededError");
  };
  const chats = new Chats(ME);
  const next = new Sync({ me: ME, device: "device-0123456789ab", chats, database, pulse: () => {} });
  chats.addEventListener("change", () => log.push(`shown ${chats.all.length} ${chats.get(CONV).received}`));
  next.addEventListener("state", ({ detail }) => log.push(detail.state));
  await next.start();
  equal([log[0], log.includes("reserve"), log.at(-1)], ["shown 1 1", true, "no-storage"]);
});

test("what the database refuses is neither shown nor acknowledged nor claimed", async () => {
  const { sync, connect, hear, take, chat, states, database } = await make();
  await connect();
  await hear({ t: "messages", conv: CONV, entries: [entry(1)] });
  take();
  database.store = () => Promise.reject(new DOMException("full", "QuotaExceededError"));
  await hear({ t: "messages", conv: CONV, entries: [entry(2)] });
  equal([take(), shown(chat()), states.at(-1), sync.positions.atHello()[0].received], [[], [1], "no-storage", 1]);
});

test("entries above a hole wait for it, and are fetched when it does not close", async () => {
  const { connect, hear, acks, take, chat, timers } = await make();
  await connect();
  await hear({ t: "messages", conv: CONV, entries: [entry(3)] });
  equal([shown(chat()), acks()], [[], []]);
  timers.pass(3000);
  equal(take(), [{ t: "fetch", conv: CONV, from: 1, to: 3 }]);
  // The second is not to be had.
  await hear({ t: "page", conv: CONV, from: 1, to: 3, entries: [entry(1), entry(3)], absent: [{ from: 2, to: 2, why: "deleted" }] });
  timers.pass(300);
  equal([shown(chat()), acks()], [[1, 3], ["DELIVERED 3"]]);
});

test("pushed again, it is acknowledged again and shown once", async () => {
  const { connect, hear, acks, chat, timers } = await make();
  await connect();
  for (let turn = 0; turn < 2; turn += 1) {
    await hear({ t: "messages", conv: CONV, entries: [entry(1)] });
    timers.pass(300);
    equal([acks(), shown(chat())], [["DELIVERED 1"], [1]]);
  }
});

test("one's own message is accepted once, whichever way the news comes", async () => {
  for (const way of ["ack", "push", "both"]) {
    const { sync, connect, hear, take, chat } = await make();
    await connect(`epoch ${way}`);
    take();
    await sync.send(CONV, "hello");
    const [{ client_id }] = take();
    const accepted = { type: "ACCEPTED", conv: CONV, client_id, seq: 1, message_id: CONV, timestamp: 5, sender_id: ME };
    if (way !== "push") await hear({ t: "ack", acks: [accepted] });
    if (way !== "ack") await hear({ t: "messages", conv: CONV, entries: [{ ...entry(1, ME), client_id, body: "hello" }] });
    equal([sync.outbox.items.length, shown(chat()), chat().log.shown[0].body], [0, [1], "hello"], way);
  }
});

test("a message that was discarded but is in the log is fetched", async () => {
  const { sync, connect, hear, take, chat, timers } = await make();
  await connect();
  await sync.send(CONV, "hello");
  const { client_id } = sync.outbox.items[0];
  sync.outbox.discard(client_id);
  take();
  await hear({ t: "ack", acks: [{ type: "ACCEPTED", conv: CONV, client_id, seq: 1, message_id: CONV, timestamp: 5, sender_id: ME }] });
  timers.pass(3000);
  equal(take(), [{ t: "fetch", conv: CONV, from: 1, to: 1 }]);
  await hear({ t: "page", conv: CONV, from: 1, to: 1, entries: [{ ...entry(1, ME), client_id }] });
  equal(shown(chat()), [1]);
});

test("hello states what is stored, and the outbox waits for the whole list", async () => {
  const { sync, connect, hear, take, drop, timers } = await make();
  await connect();
  await hear({ t: "messages", conv: CONV, entries: [entry(1)] });
  drop();
  await sync.send(CONV, "one");
  await sync.send(CONV, "two");
  timers.pass(1000);
  take();
  await connect("e", [summary({ head: 1, received: 1 })]);
  const [hello, one, two] = take();
  equal([hello.epoch, hello.positions], ["e", [{ conv: CONV, received: 1, rev: 0, seen: 0 }]]);
  equal([one.body, one.after, two.body, two.after], ["one", undefined, "two", one.client_id]);
});

test("conversations that are not in the list are gone; a list cut short removes none", async () => {
  const { chats, connect, hear, drop, timers, sync } = await make();
  const other = CONV.replace("01", "02");
  await connect("e", [summary(), summary({ id: other })]);
  drop();
  timers.pass(1000);
  sync.link.start();
  await hear(welcome());
  equal(chats.all.length, 2);
  await connect("e", [summary()]);
  equal(chats.all.map(({ id }) => id), [CONV]);
});

test("a device the server holds ahead begins there; what is below is history", async () => {
  const { sync, connect, hear, take, acks, chat, timers } = await make();
  await connect("e", [summary({ head: 7, received: 7, seen: 7, last: entry(7) })]);
  equal([chat().received, shown(chat()), chat().unread], [7, [], 0]);
  await hear({ t: "messages", conv: CONV, entries: [entry(8)] });
  equal([shown(chat()), chat().unread], [[8], 1]);
  take();
  const loading = sync.loadOlder(chat());
  while (!sync.history.asked.size) await new Promise((resolve) => requestAnimationFrame(resolve));
  equal(take(), [{ t: "fetch", conv: CONV, from: 1, to: 7 }]);
  await hear({ t: "page", conv: CONV, from: 1, to: 7, entries: [1, 2, 3, 4, 5, 6, 7].map((seq) => entry(seq)) });
  equal([await loading, shown(chat()), chat().log.view.from], [true, [1, 2, 3, 4, 5, 6, 7, 8], 1]);
  timers.pass(300);
  equal(acks(), []);
  equal(await sync.loadOlder(chat()), false);
});

test("history that is stored with a hole is not shown as if it were whole", async () => {
  const { sync, database, connect, chat, drop } = await make();
  await connect("e", [summary({ head: 6, received: 6 })]);
  await database.store(CONV, [1, 2, 5, 6].map((seq) => entry(seq)), null);
  drop();
  equal([await sync.loadOlder(chat()), shown(chat()), chat().log.view.from], [true, [5, 6], 5]);
  equal(await sync.loadOlder(chat()), false);
});

test("what one has seen elsewhere is no news here", async () => {
  const { connect, hear, chat } = await make();
  await connect();
  await hear({ t: "messages", conv: CONV, entries: [entry(1), entry(2)] });
  equal(chat().unread, 2);
  await hear({ t: "ack", acks: [{ type: "SEEN", conv: CONV, seq: 1, sender_id: ME }] });
  equal(chat().unread, 1);
});

test("another epoch: nothing stored counts, what waits goes out under the same id", async () => {
  const { sync, database, connect, hear, take, drop, chat, timers } = await make();
  await connect("old");
  await hear({ t: "messages", conv: CONV, entries: [entry(1), entry(2)] });
  drop();
  await sync.send(CONV, "waiting");
  const { client_id } = sync.outbox.items[0];
  timers.pass(1000);
  take();
  await connect("new", [summary({ head: 1, received: 1 })]);
  equal([shown(chat()), chat().received, (await database.range(CONV, 1, 9)).entries], [[], 1, []]);
  equal(take().filter(({ t }) => t === "send").map((frame) => frame.client_id), [client_id]);
});

test("what leaves the memory stays counted, and is counted down as it is seen", async () => {
  const { sync, connect, hear, chat } = await make();
  await connect();
  const come = (from, to) => hear({ t: "messages", conv: CONV, entries: Array.from({ length: to - from + 1 }, (_, at) => entry(from + at)) });
  await come(1, 300);
  await come(301, 600);
  equal([chat().unread, chat().log.entries.length], [600, 200]);
  await sync.markSeen(chat(), 500);
  equal(chat().unread, 100);
  await sync.loadAround(chat(), 100);
  equal([shown(chat())[0], shown(chat()).at(-1), chat().unread], [75, 125, 100]);
  await hear({ t: "changes", conv: CONV, upto: 1, changes: [{ seq: 550, rev: 1, type: "delete" }, { seq: 300, rev: 1, type: "delete" }] });
  equal([chat().unread, chat().log.isDetached], [99, true]);
  await hear({ t: "messages", conv: CONV, entries: [entry(601)] });
  await sync.markSeen(chat(), 601);
  equal([chat().unread, shown(chat()).at(-1)], [0, 125]);
});

test("a tab that is told to stop while it takes the lead connects no more", async () => {
  const { sync, states } = await make();
  const leading = sync.lead();
  sync.stop("signed-out");
  await leading;
  equal(states.at(-1), "signed-out");
});

test("a page whose cookies are another person's or device's says nothing and stores nothing", async () => {
  for (const other of [{ user: { id: YOU } }, { device: "another" }]) {
    const { sync, connect, hear, take, drop, timers, states, database, chats } = await make();
    await connect();
    await hear({ t: "messages", conv: CONV, entries: [entry(1)] });
    drop();
    await sync.send(CONV, "waiting");
    timers.pass(1000);
    take();
    sync.link.socket.socket.onopen();
    equal(take().map(({ t, device }) => [t, device]), [["hello", DEVICE]]);
    await Promise.all([hear(welcome({ epoch: "theirs", ...other })), hear({ t: "conversations", items: [summary({ title: "theirs" })], more: false })]);
    await hear({ t: "messages", conv: CONV, entries: [entry(2)] });
    timers.pass(30000);
    equal([take(), states.at(-1), await database.epoch(), (await database.range(CONV, 1, 9)).entries.length, chats.get(CONV).title], [[], "superseded", "e", 1, null]);
    await database.outbox.remove(sync.outbox.items[0].client_id);
  }
});

test("offline since the server was last heard of, in whichever visit that was", async () => {
  const { sync, database, connect } = await make({ isStarted: false });
  const told = [];
  sync.addEventListener("state", ({ detail }) => told.push([detail.state, detail.since]));
  await database.setHeard(1000);
  await sync.start();
  while (!told.length) await new Promise((resolve) => requestAnimationFrame(resolve));
  equal(told[0], ["connecting", 1000]);
  await connect();
  equal(told.at(-1), ["connected", null]);
  while ((await database.heard()) === 1000) await new Promise((resolve) => requestAnimationFrame(resolve));
});

test("a message that the server calls no message is refused, one it has no time for waits", async () => {
  const { sync, connect, hear, take } = await make();
  await connect();
  await sync.send(CONV, "one");
  await sync.send(CONV, "two");
  const [one, two] = take().filter(({ t }) => t === "send");
  await hear({ t: "error", code: "BAD_FRAME", text: "Not valid", retryable: false, ref: { t: "send", client_id: one.client_id } });
  await hear({ t: "error", code: "RATE_LIMITED", text: "Too fast", retryable: true, retry_after_ms: 10, ref: { t: "send", client_id: two.client_id } });
  equal(sync.outbox.items.map(({ body, state, reason }) => [body, state, reason]), [["one", "rejected", "Not valid"], ["two", "pending", undefined]]);
});
