import { openDatabase } from "/static/js/database.js";
import { Outbox } from "/static/js/outbox.js";
import { dice, equal, fakeTimers, test } from "./harness.js";

const DAY = 24 * 60 * 60 * 1000;

async function make({ online = true } = {}) {
  const timers = fakeTimers();
  const { outbox: store } = await openDatabase("device", async () => {});
  const [sent, line, told, clock, begun] = [[], { online }, [], { now: 1000 }, []];
  const uploads = { part: { begin: ({ client_id }) => begun.push(client_id), cancel: ({ client_id }) => begun.push(`-${client_id}`), pause: () => {} } };
  const box = () => new Outbox({
    store,
    transmit: ({ client_id, after }) => sent.push(after ? `${client_id}>${after}` : client_id),
    isOnline: () => line.online,
    changed: () => {},
    guard: (work) => work(),
    share: (news) => told.push(news),
    uploads,
    words: { unanswered: "silence", stale: "old" },
    random: () => 0.5,
    now: () => clock.now,
  });
  const outbox = box();
  const add = (...ids) => Promise.all(ids.map((id) => outbox.add({ client_id: id, conv: "c", body: id })));
  const retry = (id, error_code = "UNAVAILABLE", retry_after_ms = 0) => outbox.retry({ client_id: id, error_code, error_text: "not now", retry_after_ms });
  const states = (of = outbox) => of.items.map(({ client_id, state }) => `${client_id} ${state}`);
  // As after a reload: what is on disk, and nothing else.
  const reload = async () => {
    const again = box();
    await again.load();
    return again;
  };
  return { outbox, store, sent, line, timers, clock, told, begun, add, retry, states, reload, take: () => sent.splice(0) };
}

test("each names the unanswered one before it", async () => {
  const { add, take, outbox } = await make();
  await add("a", "b", "c");
  equal(take(), ["a", "b>a", "c>b"]);
  outbox.settle("a");
  await add("d");
  equal(take(), ["d>c"]);
});

test("offline nothing goes; afterwards everything in order", async () => {
  const { add, take, line, outbox } = await make({ online: false });
  await add("a", "b");
  equal(take(), []);
  line.online = true;
  outbox.resend();
  equal(take(), ["a", "b>a"]);
});

test("a new connection repeats what is unanswered under the same ids", async () => {
  const { add, take, outbox } = await make();
  await add("a", "b");
  outbox.settle("a");
  outbox.pause();
  take();
  outbox.resend();
  equal(take(), ["b"]);
});

test("a retry rests for the backoff or what the server says, whichever is longer", async () => {
  const { add, take, retry, timers } = await make();
  await add("a");
  take();
  retry("a");
  timers.pass(499);
  equal(take(), []);
  timers.pass(1);
  equal(take(), ["a"]);
  retry("a", "OVERLOADED", 5000);
  timers.pass(4999);
  equal(take(), []);
  timers.pass(1);
  equal(take(), ["a"]);
});

test("whoever waits for the one before does not use up attempts", async () => {
  const { add, take, retry, outbox, timers } = await make();
  await add("a", "b");
  retry("a");
  for (let turn = 0; turn < 20; turn += 1) retry("b", "PREDECESSOR_MISSING");
  timers.pass(500);
  equal(take(), ["a", "b>a", "a", "b>a"]);
  equal(outbox.find("b").attempts, 1);
});

test("a line never overtakes itself while it rests", async () => {
  const { add, take, retry, timers } = await make();
  await add("a");
  retry("a");
  take();
  await add("b");
  equal(take(), []);
  timers.pass(500);
  equal(take(), ["a", "b>a"]);
});

test("after ten attempts it has failed, and the next goes on without it", async () => {
  const { add, take, retry, states, timers, outbox } = await make();
  await add("a");
  for (let turn = 1; turn < 10; turn += 1) {
    retry("a");
    while (!outbox.find("a").inFlight) timers.pass(100);
  }
  equal(take().length, 10);
  await add("b");
  retry("a");
  equal(states(), ["a failed", "b pending"]);
  equal(take(), ["b>a"]);
});

test("no answer at all is an attempt that failed", async () => {
  const { add, outbox, take, timers, states } = await make();
  await add("a");
  timers.pass(20 * 60 * 1000);
  equal(take().length, 10);
  equal(states(), ["a failed"]);
  equal(outbox.find("a").reason, "silence");
});

test("a refused one is never repeated, and is no predecessor", async () => {
  const { add, take, outbox, states, timers } = await make();
  await add("a", "b");
  outbox.reject("a", "no");
  take();
  outbox.pause();
  outbox.resend();
  timers.pass(1000000);
  equal(states()[0], "a rejected");
  equal(take()[0], "b");
});

test("by hand it goes again under the same id, at the end of the line", async () => {
  const { add, take, outbox, states } = await make();
  await add("a", "b");
  outbox.reject("a", "no");
  take();
  await outbox.retryNow("a");
  equal(take(), ["a>b"]);
  equal(states(), ["b pending", "a pending"]);
});

test("discarded is gone, and what named it names the one before", async () => {
  const { add, take, outbox, line } = await make({ online: false });
  await add("a", "b", "c");
  await outbox.discard("b");
  line.online = true;
  outbox.resend();
  equal(take(), ["a", "c>a"]);
});

test("conversations do not wait for each other", async () => {
  const { add, take, retry, outbox } = await make();
  await add("a");
  retry("a");
  take();
  await outbox.add({ client_id: "z", conv: "other", body: "z" });
  equal(take(), ["z"]);
});

test("everything is on disk before it is shown or sent, and there after a reload, in order", async () => {
  const { add, outbox, states, reload, take } = await make();
  const adding = add("a", "b");
  equal([states(), take()], [[], []]);
  await adding;
  equal([states(), take()], [["a pending", "b pending"], ["a", "b>a"]]);
  await add("c");
  const again = await reload();
  equal(states(again), ["a pending", "b pending", "c pending"]);
  take();
  again.resend();
  equal(take(), ["a", "b>a", "c>b"]);
});

test("what failed, was refused, given up or retried is so after a reload", async () => {
  const { add, outbox, states, reload, store } = await make({ online: false });
  await add("a", "b", "c", "d");
  outbox.reject("a", "no");
  await outbox.discard("b");
  outbox.reject("c", "nor this");
  await outbox.retryNow("c");
  // Behind the notes, which are in no hurry.
  await store.remove("none");
  const again = await reload();
  equal(states(again), ["a rejected", "d pending", "c pending"]);
  equal(again.items.map(({ reason }) => reason ?? null), ["no", null, null]);
});

test("what could not be stored is nowhere", async () => {
  const { outbox, store, states, take } = await make();
  store.add = () => Promise.reject(new DOMException("full", "QuotaExceededError"));
  const refused = await outbox.add({ client_id: "a", conv: "c" }).catch(({ name }) => name);
  equal([refused, states(), take()], ["QuotaExceededError", [], []]);
});

test("an id is in the line once", async () => {
  const { add, states, reload } = await make();
  await add("a");
  const again = await add("a").catch(({ name }) => name);
  equal([again, states(), states(await reload())], ["ConstraintError", ["a pending"], ["a pending"]]);
});

test("after a day nothing goes by itself; by hand it does", async () => {
  const { add, clock, line, reload, states, take } = await make({ online: false });
  await add("a");
  clock.now += DAY - 1;
  await add("b");
  clock.now += 1;
  const again = await reload();
  // Only a connection brings a clock to tell ages by.
  equal(states(again), ["a pending", "b pending"]);
  line.online = true;
  again.resend();
  equal([states(again), again.find("a").reason, take()], [["a failed", "b pending"], "old", ["b"]]);
  // Also while the page is open.
  line.online = false;
  again.pause();
  clock.now += DAY;
  line.online = true;
  again.resend();
  equal([states(again), take()], [["a failed", "b failed"], []]);
  await again.retryNow("a");
  equal([states(again), take()], [["b failed", "a pending"], ["a"]]);
});

test("another tab's items stand where they were written", async () => {
  const { add, outbox, store, states, take, told } = await make();
  const other = await store.add({ client_id: "other", conv: "c", body: "", state: "pending", made: 1000 });
  await add("a");
  equal(told.map(({ item }) => item.client_id), ["a"]);
  outbox.learn(other);
  equal([states(), take()], [["other pending", "a pending"], ["a", "other"]]);
  outbox.drop("other");
  equal(states(), ["a pending"]);
});

test("what is too old goes before the line does, and nothing goes twice", async () => {
  const { add, clock, line, outbox, states, take } = await make({ online: false });
  await add("a", "b");
  clock.now += DAY - 1;
  await add("c", "d");
  clock.now += 1;
  line.online = true;
  outbox.resend();
  equal([states(), take()], [["a failed", "b failed", "c pending", "d pending"], ["c", "d>c"]]);
  equal(["c", "d"].map((id) => outbox.find(id).attempts), [1, 1]);
});

test("what has used up its attempts lets the next one go once", async () => {
  const { add, line, outbox, states, take } = await make({ online: false });
  await add("a", "b", "c");
  Object.assign(outbox.find("a"), { attempts: 10 });
  Object.assign(outbox.find("b"), { attempts: 10 });
  line.online = true;
  outbox.resend();
  equal([states(), take()], [["a failed", "b failed", "c pending"], ["c"]]);
  equal(outbox.find("c").attempts, 1);
});

test("whatever waits: each goes once, in order, after the one before it that goes", async () => {
  const { add, clock, line, outbox, take } = await make({ online: false });
  for (let seed = 1; seed <= 60; seed += 1) {
    const roll = dice(seed);
    const ids = Array.from({ length: 1 + roll(6) }, (_, at) => `${seed}-${at}`);
    await add(...ids);
    const alive = ids.filter((id) => {
      const item = outbox.find(id);
      const fate = roll(4);
      if (fate === 0) item.made = clock.now - DAY - roll(5);
      if (fate === 1) item.attempts = 10 + roll(2);
      if (fate === 2) item.attempts = roll(9);
      return fate > 1;
    });
    const before = new Map(alive.map((id) => [id, outbox.find(id).attempts]));
    line.online = true;
    outbox.resend();
    equal(take(), alive.map((id, at) => (at ? `${id}>${alive[at - 1]}` : id)), `seed ${seed}`);
    for (const id of ids) equal(outbox.find(id).state, before.has(id) ? "pending" : "failed", id);
    for (const id of alive) equal(outbox.find(id).attempts, before.get(id) + 1, id);
    line.online = false;
    for (const id of ids) outbox.drop(id);
  }
});

test("for what was written by a clock that was ahead, the day begins with the connection", async () => {
  const { add, clock, line, outbox, reload, take, states, store } = await make({ online: false });
  clock.now += 5 * DAY;
  await add("a");
  clock.now -= 5 * DAY;
  line.online = true;
  outbox.resend();
  equal([states(), take()], [["a pending"], ["a"]]);
  await store.remove("none");
  clock.now += DAY;
  const again = await reload();
  again.resend();
  equal([states(again), take()], [["a failed"], []]);
});

test("of what has waited long only so much is under way at a time, and all of it goes", async () => {
  const { outbox, take, line } = await make({ online: false });
  const ids = Array.from({ length: 300 }, (_, n) => `c${n}`);
  await Promise.all(ids.map((id) => outbox.add({ client_id: id, conv: "c", body: id })));
  await outbox.add({ client_id: "d", conv: "d", body: "d" });
  line.online = true;
  outbox.resend();
  const sent = take();
  equal([sent.length, sent[0], sent.at(-1)], [256, "c0", "c255>c254"]);
  outbox.settle("c0");
  equal(take(), ["c256>c255"]);
  for (const id of ids.slice(1, 44)) outbox.settle(id);
  equal([take().at(-1), outbox.find("d").inFlight], ["c299>c298", false]);
  outbox.settle("c44");
  equal(take(), ["d"]);
  // Another connection: none of them is counted twice.
  outbox.resend();
  equal(take().length, 256);
});

const files = (...ids) => ids.map((id) => ({ id, name: `${id}.jpg`, type: "image/jpeg", size: 10 }));
const put = (outbox, client_id, more = {}, conv = "c") => outbox.add({ client_id, conv, body: client_id, ...more });

test("a message waits for its files, what comes after it waits for it, and other chats do not", async () => {
  const { outbox, take, begun } = await make();
  await put(outbox, "a");
  await put(outbox, "photos", { files: files("f1", "f2") });
  await put(outbox, "b");
  await put(outbox, "other", {}, "d");
  equal(take(), ["a", "other"]);
  equal([...new Set(begun)], ["photos"]);
  outbox.attached("photos", "f1", { id: "u1" });
  equal(take(), []);
  outbox.attached("photos", "f2", { id: "u2" });
  equal(take(), ["photos>a", "b>photos"]);
});

test("files are brought up in the order of their messages, one message of a chat at a time", async () => {
  const { outbox, begun, take } = await make();
  await put(outbox, "one", { files: files("f1") });
  await put(outbox, "two", { files: files("f2") });
  equal([...new Set(begun)], ["one"]);
  outbox.attached("one", "f1", { id: "u1" });
  equal([[...new Set(begun)], take()], [["one", "two"], ["one"]]);
});

test("which files are up is on disk", async () => {
  const { outbox, reload, store } = await make();
  await put(outbox, "photos", { files: files("f1", "f2") });
  outbox.attached("photos", "f1", { id: "u1", name: "f1.jpg" });
  outbox.progressed("photos", 12);
  await store.note("none", {});
  const [item] = (await reload()).items;
  equal([item.files.map(({ attachment }) => attachment?.id ?? null), item.sent ?? null], [["u1", null], null]);
});

test("offline nothing goes up, and a message given up gives up its files", async () => {
  const { outbox, begun, line } = await make({ online: false });
  await put(outbox, "photos", { files: files("f1") });
  equal(begun, []);
  line.online = true;
  outbox.resend();
  equal(begun, ["photos"]);
  await outbox.discard("photos");
  equal(begun, ["photos", "-photos"]);
});

test("refused files let what comes after them go, and a retry goes to the end of the line", async () => {
  const { outbox, begun, take, states } = await make();
  await put(outbox, "photos", { files: files("f1") });
  await put(outbox, "b");
  outbox.reject("photos", "no room", "fail");
  equal([take(), states()], [["b"], ["photos failed", "b pending"]]);
  outbox.settle("b");
  await outbox.retryNow("photos");
  equal([begun.at(-1), states()], ["photos", ["photos pending"]]);
});

test("a file that the server has lost goes up anew when tried again", async () => {
  const { outbox, take, begun, states, reload } = await make();
  await put(outbox, "photos", { files: files("f1") });
  outbox.attached("photos", "f1", { id: "u1" });
  equal(take(), ["photos"]);
  outbox.reject("photos", "It is gone.", "INVALID_ATTACHMENT");
  equal(states(), ["photos failed"]);
  begun.length = 0;
  await outbox.retryNow("photos");
  equal([take(), begun], [[], ["photos"]]);
  equal((await reload()).items[0].files, files("f1"));
});

test("what mentions somebody who has left goes without mentioning anybody when tried again", async () => {
  const { outbox, take, states, reload } = await make();
  await put(outbox, "call", { mentions: ["bob"] });
  equal(take(), ["call"]);
  outbox.reject("call", "Not in it.", "INVALID_MENTION");
  equal(states(), ["call failed"]);
  await outbox.retryNow("call");
  equal([take(), outbox.find("call").mentions, (await reload()).items[0].mentions], [["call"], [], []]);
});
