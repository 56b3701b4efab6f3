import { Keeper } from "/static/js/keeper.js";
import { equal, fakeTimers, test } from "./harness.js";

function make() {
  const { pass } = fakeTimers();
  const stored = [];
  const database = { storeConversations: async (items) => stored.push(items), removeConversation: async () => {} };
  const keeper = new Keeper({ get: (id) => ({ id, summary: id }) }, database);
  return { keeper, pass, take: () => stored.splice(0) };
}

test("a conversation is kept at once, its news together a moment later", () => {
  const { keeper, pass, take } = make();
  keeper.soon(["a", "b"]);
  equal(take(), [["a", "b"]]);
  keeper.soon(["a"]);
  keeper.soon(["b"]);
  keeper.soon(["a"]);
  equal(take(), []);
  pass(1000);
  equal(take(), [["a", "b"]]);
});

test("what is new takes along what waits", () => {
  const { keeper, pass, take } = make();
  keeper.soon(["a"]);
  keeper.soon(["a"]);
  keeper.soon(["b"]);
  equal(take(), [["a"], ["a", "b"]]);
  pass(1000);
  equal(take(), []);
});

test("after another epoch, and after one has left, it is new again", () => {
  const { keeper, take } = make();
  keeper.soon(["a", "b"]);
  keeper.drop();
  keeper.soon(["a"]);
  keeper.forget("a");
  keeper.soon(["a"]);
  equal(take(), [["a", "b"], ["a"], ["a"]]);
});
