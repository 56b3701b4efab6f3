import { CONV, entry, make, ME, shown, summary } from "./engine.js";
import { equal, test } from "./harness.js";

const OTHER = CONV.replace("01a2", "01a3");
const GONE = "You were no longer in this chat.";
const waiting = ({ sync }) => sync.outbox.of(CONV).map(({ body, state, reason }) => [body, state, reason]);
const kept = async ({ database }) => (await database.conversations()).map(({ id, left }) => [id, left ?? false]);
const accepted = (client_id) => ({ type: "ACCEPTED", conv: CONV, client_id, seq: 3, message_id: CONV, timestamp: 5, sender_id: ME });

// Two entries, then offline, where something is written.
async function written(...bodies) {
  const house = await make();
  await house.connect();
  await house.hear({ t: "messages", conv: CONV, entries: [entry(1), entry(2)] });
  house.drop();
  for (const body of bodies) await house.sync.send(CONV, body);
  house.timers.pass(1000);
  return house;
}

// As after a reload.
async function again({ sync }) {
  sync.stop("signed-out");
  return make();
}

test("what was not sent in a chat that was left stays, refused, until it is discarded", async () => {
  const house = await written("one", "two");
  house.sync.drafts.set({ conv: CONV, text: "half a", quote: null });
  const name = house.chat().name;
  await house.connect("e", []);
  const expected = [["one", "rejected", GONE], ["two", "rejected", GONE], ["half a", "rejected", GONE]];
  equal([waiting(house), house.chat().isLeft, house.chat().name, shown(house.chat())], [expected, true, name, []]);
  equal([house.chat().unread, house.sync.positions.atHello(), house.sync.drafts.get(CONV).text], [0, [], ""]);
  equal([(await house.database.range(CONV, 1, 9)).entries, await house.database.positions()], [[], []]);
  const next = await again(house);
  equal([waiting(next), next.chat().isLeft, next.chat().name], [expected, true, name]);
  // Told again, nothing changes.
  await next.connect("e", []);
  equal([waiting(next), next.take().filter(({ t }) => t === "send")], [expected, []]);
  for (const { client_id } of [...next.sync.outbox.items]) await next.sync.outbox.discard(client_id);
  equal([next.chat() ?? null, await kept(next), await next.database.outbox.all()], [null, [], []]);
});

test("a chat that was left with nothing waiting goes, and leaves nothing", async () => {
  const house = await written();
  await house.connect();
  await house.hear({ t: "left", conv: CONV });
  equal([house.chat() ?? null, await kept(house), await house.database.positions()], [null, [], []]);
});

test("left in the midst of it: what was accepted all the same waits no more", async () => {
  const house = await written();
  await house.connect("e", [summary({ head: 2, received: 2 })]);
  await house.sync.send(CONV, "in time");
  await house.sync.send(CONV, "too late");
  const [first] = house.sync.outbox.items;
  await house.hear({ t: "left", conv: CONV });
  equal(waiting(house), [["in time", "rejected", GONE], ["too late", "rejected", GONE]]);
  await house.hear({ t: "ack", acks: [accepted(first.client_id)] });
  await house.hear({ t: "messages", conv: CONV, entries: [entry(3)] });
  equal([waiting(house), (await house.database.range(CONV, 1, 9)).entries], [[["too late", "rejected", GONE]], []]);
});

test("in it again, it begins where the server says; what was refused is there still", async () => {
  const house = await written("one");
  await house.connect("e", []);
  await house.hear({ t: "conversations", items: [summary({ head: 7, received: 6, start: 7 })], more: false });
  equal([house.chat().isLeft, house.chat().received, waiting(house)], [false, 6, [["one", "rejected", GONE]]]);
  await house.hear({ t: "messages", conv: CONV, entries: [entry(7)] });
  equal([shown(house.chat()), (await house.database.positions())[0].received], [[7], 7]);
});

test("what waits for a chat the server has lost is shown all the same", async () => {
  const house = await written("one");
  await house.connect("another epoch", [summary({ id: OTHER })]);
  equal([house.chat().name, waiting(house), await kept(house)], ["A chat that is gone", [["one", "rejected", GONE]], [[CONV, true], [OTHER, false]]]);
});

test("a message that was being sent anew goes with its chat", async () => {
  const house = await written();
  await house.sync.resend(house.chat(), { seq: 2, body: "expired" });
  await house.connect("e", []);
  equal([house.chat() ?? null, house.sync.outbox.items, await house.database.outbox.all()], [null, [], []]);
});

test("what was being edited in a chat that was left stays, too", async () => {
  const house = await written();
  house.sync.drafts.set({ conv: CONV, text: "half a", quote: null, edit: { entry: entry(2, ME), text: "text 2, better" } });
  await house.connect("e", []);
  equal(waiting(house).map(([body]) => body), ["text 2, better", "half a"]);
});
