import { BODY_CHARS, clientId, hello, isTerminal, length, MAX_POSITIONS, send, storable } from "/static/js/protocol.js";
import { equal, shared, test } from "./harness.js";

const ID = "01a20d51-c834-714c-b108-1217ce6921fc";

test("client ids are made of device, counter and time: the shared cases hold", async () => {
  for (const { device, counter, now, client_id } of await shared("client_ids")) equal(clientId(device, counter, now), client_id);
});

test("a send names its predecessor and what it answers only if there is one", () => {
  const item = { client_id: "a", conv: "c", body: "hi", state: "pending" };
  equal(send(item), { t: "send", client_id: "a", conv: "c", body: "hi" });
  equal(send({ ...item, reply_to: 4 }, "b"), { t: "send", client_id: "a", conv: "c", body: "hi", after: "b", reply_to: 4 });
});

test("length counts what the server counts", () => {
  equal(length("😀".repeat(BODY_CHARS)), BODY_CHARS);
});

test("what cannot be stored is taken out, what can stays", () => {
  equal(storable(" a\0b "), "ab");
  equal(storable("x\uD83Dy\uDE00z"), "x\uFFFDy\uFFFDz");
  equal(storable("👩‍👩‍👧 שלום e\u0301"), "👩‍👩‍👧 שלום e\u0301");
  equal(storable(" \n\t "), "");
});

test("close codes say whether to come back", () => {
  equal([1006, 1012, 4400, 4401, 4413, 4500, 4529].map(isTerminal), [false, false, true, true, true, false, false]);
});

test("as many positions as a hello may hold fit into a frame", () => {
  const positions = Array.from({ length: MAX_POSITIONS }, () => ({ conv: ID, received: Number.MAX_SAFE_INTEGER, seen: Number.MAX_SAFE_INTEGER }));
  const size = JSON.stringify(hello(ID, ID, positions)).length;
  if (size > 65536) throw new Error(`${size} bytes`);
});
