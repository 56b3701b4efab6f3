import { openDatabase } from "/static/js/database.js";
import { late } from "/static/js/late.js";
import { prune } from "/static/js/prune.js";
import { equal, test } from "./harness.js";

late.pruning = { get: () => prune };

const entry = (seq, conv) => ({ seq, id: `m${seq}`, sender: conv, client_id: `c${seq}`, body: `text ${seq}`, at: seq });
const full = () => new DOMException("full", "QuotaExceededError");

// Conversation "a" with entries 1 to 200, stored up to 150 without a gap, and "b" with so few that it keeps them all.
async function make() {
  const database = await openDatabase("device", () => {});
  const many = Array.from({ length: 200 }, (_, at) => entry(at + 1, "a"));
  await database.store("a", many, { conv: "a", received: 150 });
  await database.store("b", [1, 2].map((seq) => entry(seq, "b")), { conv: "b", received: 2 });
  await database.outbox.add({ client_id: "x", conv: "a", body: "unsent" });
  await database.outbox.setDraft({ conv: "b", text: "draft", quote: null });
  return database;
}

// No room until so many deletions of a range have made it.
function fill(deletions) {
  const { put, add, delete: remove } = IDBObjectStore.prototype;
  let left = deletions;
  const need = (work) =>
    function (...values) {
      if (left > 0) throw full();
      return work.apply(this, values);
    };
  Object.assign(IDBObjectStore.prototype, {
    put: need(put),
    add: need(add),
    delete(...values) {
      if (values[0] instanceof IDBKeyRange) left -= 1;
      return remove.apply(this, values);
    },
  });
}

async function seqs(database, conv) {
  const { entries } = await database.range(conv, 1, 999);
  return [entries[0].seq, entries.at(-1).seq, entries.length];
}

test("the older half of the history makes room, and what was to be stored is", async () => {
  const database = await make();
  fill(1);
  equal(await database.store("b", [entry(3, "b")], { conv: "b", received: 3 }), [entry(3, "b")]);
  equal([await seqs(database, "a"), await seqs(database, "b")], [[76, 200, 125], [1, 3, 3]]);
  equal((await database.positions()).map(({ conv, received }) => [conv, received]), [["a", 150], ["b", 3]]);
});

test("as much goes as has to, and never what only this device has", async () => {
  const database = await make();
  fill(2);
  await database.outbox.add({ client_id: "y", conv: "b", body: "new" });
  equal([await seqs(database, "a"), await seqs(database, "b")], [[101, 200, 100], [1, 2, 2]]);
  equal([(await database.outbox.all()).map(({ body }) => body), await database.outbox.drafts()], [["unsent", "new"], []]);
});

test("a draft and the list find room, too", async () => {
  const database = await make();
  fill(1);
  await database.outbox.setDraft({ conv: "a", text: "another", quote: null });
  await database.storeConversations([{ id: "a" }]);
  equal([(await database.outbox.drafts()).map(({ text }) => text), (await database.conversations()).length], [["another", "draft"], 1]);
});

test("with nothing left to give, it is refused, and what is there stays", async () => {
  const database = await make();
  fill(99);
  const refused = await database.store("b", [entry(3, "b")], { conv: "b", received: 3 }).catch(({ name }) => name);
  equal([refused, await seqs(database, "a"), await seqs(database, "b")], ["QuotaExceededError", [101, 200, 100], [1, 2, 2]]);
  equal([(await database.outbox.all()).length, (await database.outbox.drafts()).length], [1, 1]);
});
