// tests/shared/replica.json: [{name, steps: [{entries?, changes?}], shown}]. In each step a device takes some entries
// and some changes, as they stand on the wire; `shown` is what it has in the end, by seq. tests/chat/policy/
// test_replica.py holds the server's rule to the same cases.

import { Replica } from "/static/js/replica.js";
import { dice, equal, shared, test } from "./harness.js";

const sorted = (entry) => Object.fromEntries(Object.entries(entry).sort());
const shown = (replica) => [...replica.entries.values()].sort((a, b) => a.seq - b.seq).map(sorted);

test("the shared cases of the replica hold", async () => {
  for (const { name, steps, shown: expected } of await shared("replica")) {
    const replica = new Replica();
    for (const { entries = [], changes = [] } of steps) {
      replica.takeEntries(entries);
      replica.takeChanges(changes);
    }
    equal(shown(replica), expected.map(sorted), name);
  }
});

test("what is kept between two replicas is enough to go on with", async () => {
  for (const { name, steps, shown: expected } of await shared("replica")) {
    let replica = new Replica();
    for (const { entries = [], changes = [] } of steps) {
      // As a database that is opened anew for each frame.
      replica = new Replica(replica.entries.values(), replica.changes.values());
      replica.takeEntries(entries);
      replica.takeChanges(changes);
    }
    equal(shown(replica), expected.map(sorted), name);
  }
});

// A log of random edits and deletions, told in any order, with repeats and old pages in between.
test("whatever order things come in, it ends where loading afresh ends", () => {
  const roll = dice(3);
  for (let round = 0; round < 300; round += 1) {
    const [log, told] = [new Map(), []];
    for (let seq = 1; seq <= 4; seq += 1) told.push({ entry: log.set(seq, { seq, body: `as sent ${seq}` }).get(seq) });
    const hidden = new Set();
    for (let rev = 1; rev <= 8; rev += 1) {
      const entry = log.get(1 + roll(4));
      const type = ["edit", "edit", "delete", "hide"][roll(4)];
      if (type === "hide") {
        hidden.add(entry.seq);
        told.push({ change: { seq: entry.seq, rev, type } });
      } else if (!entry.deleted) {
        const change = { seq: entry.seq, rev, type, ...(type === "edit" ? { body: `rev ${rev}`, edited_at: rev } : {}) };
        const after = type === "edit" ? { seq: entry.seq, rev, body: change.body, edited_at: rev } : { seq: entry.seq, rev, deleted: true };
        log.set(entry.seq, after);
        told.push({ change }, { entry: after });
      }
    }
    const replica = new Replica();
    const rest = [...told, ...told];
    while (rest.length) {
      const [{ entry, change }] = rest.splice(roll(rest.length), 1);
      if (entry) replica.takeEntries([entry]);
      else replica.takeChanges([change]);
    }
    equal(shown(replica), [...log.values()].filter(({ seq }) => !hidden.has(seq)).map(sorted), `round ${round}`);
  }
});
