import { CONV, entry, make, summary } from "./engine.js";
import { equal, test } from "./harness.js";

const TURN = () => new Promise((resolve) => requestAnimationFrame(resolve));

// Another tab leads: its lock is never free. `heard`: what this tab has told it.
async function following() {
  const locks = { request: (name, options, take) => (options.ifAvailable ? Promise.resolve(take(null)) : new Promise(() => {})) };
  Object.defineProperty(navigator, "locks", { value: locks });
  const other = new BroadcastChannel("messenger-device-0123456789ab");
  const heard = [];
  other.onmessage = ({ data }) => heard.push(data);
  const engine = await make({ isStarted: false });
  return { ...engine, other, heard };
}

const item = { client_id: "i1", conv: CONV, body: "of the other tab", made: 0, state: "pending" };

test("what is passed on before this tab has loaded is not taken, what was written is", async () => {
  const { sync, database, chats, other, heard } = await following();
  await database.storeConversations([summary({ head: 5, unread: 5 })]);
  await database.setPositions([{ conv: CONV, received: 5, rev: 0, seen: 0 }]);
  other.postMessage({ t: "frames", frames: [{ t: "conversations", items: [summary({ head: 2, unread: 2 })], more: true }, { t: "messages", conv: CONV, entries: [entry(3)] }] });
  other.postMessage({ t: "outbox", item: { ...item, n: 1 } });
  other.postMessage({ t: "draft", draft: { conv: CONV, text: "half", quote: null } });
  while (sync.peers.early.length < 2) await TURN();
  equal([chats.all.length, sync.outbox.items.length], [0, 0]);
  await sync.start();
  equal([chats.get(CONV).unread, chats.get(CONV).received, sync.outbox.items.map(({ body }) => body), sync.drafts.get(CONV).text], [5, 5, ["of the other tab"], "half"]);
  while (!heard.length) await TURN();
  equal(heard.map(({ t }) => t), ["join"]);
});

test("what was answered while this tab was loading waits no more", async () => {
  const { sync, database, other } = await following();
  other.postMessage({ t: "outbox", item: { ...item, n: 1 } });
  while (!sync.peers.early.length) await TURN();
  await sync.start();
  const kept = await database.outbox.add({ ...item, client_id: "i2" });
  sync.outbox.learn(kept);
  other.postMessage({ t: "here", to: sync.peers.tabs.id, epoch: "e", isReady: true, isListing: false, isSyncing: false, state: "connected", since: null, items: [] });
  while (sync.outbox.items.length > 1) await TURN();
  equal(sync.outbox.items.map(({ client_id }) => client_id), ["i2"]);
});
