import { CONV, entry, make, ME, shown, summary, YOU } from "./engine.js";
import { equal, test } from "./harness.js";

const edit = (seq, rev) => ({ seq, rev, type: "edit", body: `rev ${rev}`, edited_at: rev });
const run = (from, to) => Array.from({ length: to - from + 1 }, (_, at) => entry(from + at));
const bodies = (chat) => chat.log.shown.map(({ body }) => body);

test("changes are stored, shown, acknowledged, and stated at the next hello", async () => {
  const { connect, hear, take, acks, chat, drop, timers, database } = await make();
  await connect();
  await hear({ t: "messages", conv: CONV, entries: [entry(1), entry(2)] });
  acks();
  await hear({ t: "changes", conv: CONV, upto: 5, changes: [edit(1, 4), { seq: 2, rev: 5, type: "delete" }] });
  timers.pass(300);
  equal([acks(), chat().log.shown.map(({ body, deleted }) => body ?? deleted)], [["CHANGED 5"], ["rev 4", true]]);
  equal((await database.positions())[0].rev, 5);
  // What did not concern this person counts too.
  await hear({ t: "changes", conv: CONV, upto: 9, changes: [] });
  timers.pass(300);
  equal(acks(), ["CHANGED 9"]);
  drop();
  timers.pass(1000);
  take();
  await connect("e", [summary({ head: 2, received: 2, rev: 9 })]);
  equal(take()[0].positions, [{ conv: CONV, received: 2, rev: 9, seen: 0 }]);
});

test("a change that could not be stored is neither shown nor acknowledged", async () => {
  const { connect, hear, acks, chat, database, states } = await make();
  await connect();
  await hear({ t: "messages", conv: CONV, entries: [entry(1)] });
  acks();
  database.change = () => Promise.reject(new DOMException("full", "QuotaExceededError"));
  await hear({ t: "changes", conv: CONV, upto: 4, changes: [edit(1, 4)] });
  equal([acks(), bodies(chat()), states.at(-1)], [[], ["text 1"], "no-storage"]);
});

test("a change before its entry, and a late page after it", async () => {
  const { connect, hear, chat } = await make();
  await connect("e", [summary({ head: 2, received: 0, rev: 4 })]);
  await hear({ t: "changes", conv: CONV, upto: 4, changes: [edit(2, 4)] });
  await hear({ t: "messages", conv: CONV, entries: [entry(1), entry(2)] });
  equal(bodies(chat()), ["text 1", "rev 4"]);
  await hear({ t: "page", conv: CONV, from: 1, to: 2, entries: [entry(1), entry(2)], absent: [], as_of_rev: 3 });
  equal(bodies(chat()), ["text 1", "rev 4"]);
});

test("what was deleted is not unread, counted once whoever counted it", async () => {
  const { connect, hear, chat, drop, timers } = await make();
  await connect();
  await hear({ t: "messages", conv: CONV, entries: run(1, 4) });
  equal(chat().unread, 4);
  await hear({ t: "changes", conv: CONV, upto: 1, changes: [{ seq: 2, rev: 1, type: "delete" }] });
  equal(chat().unread, 3);
  drop();
  timers.pass(1000);
  // The server has counted the second deletion already.
  chat().log.trim(1);
  await connect("e", [summary({ head: 4, received: 4, rev: 2, unread: 2 })]);
  await hear({ t: "changes", conv: CONV, upto: 2, changes: [{ seq: 1, rev: 2, type: "delete" }] });
  equal(chat().unread, 2);
  await hear({ t: "changes", conv: CONV, upto: 3, changes: [{ seq: 3, rev: 3, type: "hide" }] });
  equal(chat().unread, 1);
});

test("the list shows what the newest message has become, also one that is not here", async () => {
  const { connect, hear, chat } = await make();
  await connect("e", [summary({ head: 7, received: 7, rev: 3, received_rev: 3, last: entry(7) })]);
  await hear({ t: "changes", conv: CONV, upto: 4, changes: [edit(7, 4)] });
  equal(chat().last.body, "rev 4");
  await hear({ t: "changes", conv: CONV, upto: 5, changes: [{ seq: 7, rev: 5, type: "delete" }] });
  equal([chat().last.deleted, chat().last.body], [true, undefined]);
  await hear({ t: "changes", conv: CONV, upto: 6, changes: [{ seq: 7, rev: 6, type: "hide" }] });
  equal(chat().last, null);
});

test("the cursor goes over what is not there", async () => {
  const { connect, hear, acks, chat, timers, database } = await make();
  await connect("e", [summary({ head: 905 })]);
  await hear({ t: "messages", conv: CONV, entries: [entry(1)], absent: [{ from: 2, to: 900, why: "no_access" }] });
  timers.pass(300);
  equal([acks().at(-1), shown(chat()), chat().unread], ["DELIVERED 900", [1], 0]);
  await hear({ t: "messages", conv: CONV, entries: [], absent: [{ from: 901, to: 905, why: "expired" }] });
  timers.pass(300);
  equal([acks(), (await database.positions())[0].received], [["DELIVERED 905"], 905]);
});

test("a reset: on above the horizon; what is below is history", async () => {
  const { connect, hear, acks, take, chat, timers, sync, database } = await make();
  await connect("e", [summary({ head: 500 })], false);
  await hear({ t: "messages", conv: CONV, entries: [entry(1), entry(2)] });
  await hear({ t: "reset", conv: CONV, horizon: 400, why: "expired" });
  await hear({ t: "messages", conv: CONV, entries: run(401, 405) });
  timers.pass(300);
  equal([acks().at(-1), shown(chat()), chat().log.view.from], ["DELIVERED 405", [401, 402, 403, 404, 405], 401]);
  equal((await database.positions())[0], { conv: CONV, received: 405, rev: 0, seen: 0, horizon: 400 });
  // Once more changes nothing.
  await hear({ t: "reset", conv: CONV, horizon: 400, why: "expired" });
  equal(shown(chat()).length, 5);
  take();
  const loading = sync.loadOlder(chat());
  while (!sync.history.asked.size) await new Promise((resolve) => requestAnimationFrame(resolve));
  equal(take(), [{ t: "fetch", conv: CONV, from: 351, to: 400 }]);
  await hear({ t: "page", conv: CONV, from: 351, to: 400, entries: [entry(399)], absent: [{ from: 351, to: 398, why: "expired" }, { from: 400, to: 400, why: "expired" }] });
  equal([await loading, shown(chat())[0], chat().log.view.from], [true, 399, 351]);
});

test("a device that begins at the horizon is told so, and asked of nothing below", async () => {
  const { connect, hear, acks, chat, database } = await make();
  await connect("e", [summary({ head: 8, received: 6 })], false);
  await hear({ t: "reset", conv: CONV, horizon: 6, why: "expired" });
  equal([chat().horizon, chat().received, chat().log.view.from, acks()], [6, 6, 7, []]);
  equal((await database.positions())[0].horizon, 6);
  await hear({ t: "messages", conv: CONV, entries: run(7, 8) });
  equal(shown(chat()), [7, 8]);
  // Once more changes nothing.
  await hear({ t: "reset", conv: CONV, horizon: 6, why: "expired" });
  equal(shown(chat()), [7, 8]);
});

test("history known not to be there is not asked for again", async () => {
  const { connect, sync, database, take, chat } = await make();
  await connect("e", [summary({ head: 120, received: 120 })]);
  await database.store(CONV, run(1, 10), null, [{ from: 11, to: 120, why: "expired" }]);
  take();
  equal([await sync.loadOlder(chat()), take(), shown(chat()).at(-1), chat().log.view.from], [true, [], 10, 1]);
});

test("who left is not in the list, nor is anything of the conversation", async () => {
  const { connect, hear, chats, database } = await make();
  await connect();
  await hear({ t: "messages", conv: CONV, entries: [entry(1)] });
  await hear({ t: "left", conv: CONV });
  await hear({ t: "messages", conv: CONV, entries: [entry(2)] });
  equal([chats.all.length, await database.range(CONV, 0, 9)], [0, { entries: [], absent: [] }]);
});

test("members: title and names as they are now, watermarks only rise", async () => {
  const { connect, hear, chat } = await make();
  await connect("e", [summary({ kind: "group", title: "Old" })]);
  await hear({ t: "ack", acks: [{ type: "SEEN", conv: CONV, seq: 7, sender_id: YOU }] });
  const { members } = summary();
  await hear({ t: "members", conv: CONV, title: "New", members: [members[0], { ...members[1], name: "Yu", delivered: 9 }] });
  equal([chat().name, chat().roster.nameOf(YOU), chat().roster.others.map(({ delivered, seen }) => [delivered, seen])], ["New", "Yu", [[9, 7]]]);
});

test("what expired has failed, is sent anew under one id until there is an answer, and comes back as another", async () => {
  const { connect, hear, sync, take, chat, drop, timers } = await make();
  await connect();
  await hear({ t: "messages", conv: CONV, entries: [entry(1, ME), entry(2, ME)] });
  await hear({ t: "ack", acks: [{ type: "FAILED", conv: CONV, lapsed: [[1, 1]], sender_id: YOU, error_code: "EXPIRED" }] });
  equal(chat().log.shown.map((each) => chat().tickOf(each)), ["failed", "sent"]);
  take();
  await sync.resend(chat(), chat().find(1));
  await sync.resend(chat(), chat().find(1));
  await sync.send(CONV, "after it");
  const [first, again, message] = take();
  equal([first.t, first.seq, again.client_id, sync.outbox.of(CONV).length, message.after], ["resend", 1, first.client_id, 1, undefined]);
  drop();
  timers.pass(1000);
  await connect("e", [summary({ head: 2, received: 2 })]);
  equal(take().filter(({ t }) => t === "resend").map(({ client_id }) => client_id), [first.client_id]);
  await hear({ t: "ack", acks: [{ type: "ACCEPTED", conv: CONV, client_id: first.client_id, seq: 3, message_id: CONV, timestamp: 9, sender_id: ME }] });
  equal([shown(chat()), chat().find(3).body, sync.outbox.resendOf(CONV, 1)], [[2, 3], "text 1", undefined]);
  await hear({ t: "changes", conv: CONV, upto: 1, changes: [{ seq: 1, rev: 1, type: "delete", resent_as: 3 }] });
  equal([shown(chat()), chat().last.seq], [[2, 3], 3]);
  // An acknowledgement came after all.
  await hear({ t: "ack", acks: [{ type: "FAILED", conv: CONV, lapsed: [], sender_id: YOU, error_code: "EXPIRED" }] });
  equal(chat().tickOf(chat().find(2)), "sent");
});

test("what was sent anew takes the old one's place, also when only the push of it comes", async () => {
  const { connect, hear, sync, take, chat } = await make();
  await connect();
  await hear({ t: "messages", conv: CONV, entries: [entry(1, ME)] });
  take();
  await sync.resend(chat(), chat().find(1));
  const [{ client_id }] = take();
  await hear({ t: "messages", conv: CONV, entries: [{ ...entry(2, ME), client_id, body: "text 1" }] });
  equal([shown(chat()), sync.outbox.items], [[2], []]);
});

test("a resend that is refused is given up; one that may work later goes again", async () => {
  const { connect, hear, sync, take, chat, timers } = await make();
  await connect();
  await hear({ t: "messages", conv: CONV, entries: [entry(1, ME)] });
  take();
  await sync.resend(chat(), chat().find(1));
  const [{ client_id }] = take();
  const ref = { t: "resend", conv: CONV, seq: 1, client_id };
  await hear({ t: "error", code: "UNAVAILABLE", text: "", retryable: true, retry_after_ms: 1000, ref });
  timers.pass(2000);
  equal(take().map((frame) => frame.client_id), [client_id]);
  await hear({ t: "error", code: "NOT_EXPIRED", text: "", retryable: false, retry_after_ms: 0, ref });
  equal(sync.outbox.items, []);
});

test("an edit is done, refused, or unknown when the connection goes", async () => {
  const { connect, hear, sync, take, chat, drop } = await make();
  await connect();
  await hear({ t: "messages", conv: CONV, entries: [entry(1, ME)] });
  take();
  const done = sync.edit(chat(), 1, "anew");
  equal(take(), [{ t: "edit", conv: CONV, seq: 1, body: "anew" }]);
  await hear({ t: "done", ref: { t: "edit", conv: CONV, seq: 1 }, rev: 1 });
  equal(await done, null);
  const refused = sync.remove(chat(), 1, "all");
  equal(take(), [{ t: "delete", conv: CONV, seq: 1, for: "all" }]);
  await hear({ t: "error", code: "TOO_LATE", text: "over", retryable: false, retry_after_ms: 0, ref: { t: "delete", conv: CONV, seq: 1 } });
  equal((await refused).code, "TOO_LATE");
  const lost = sync.remove(chat(), 1, "me");
  drop();
  equal([(await lost).code, (await sync.remove(chat(), 1, "me")).code], ["UNKNOWN", "UNKNOWN"]);
});

test("progress counts what was owed at hello, and ends with the server's word", async () => {
  const { connect, hear, progress, sync, drop } = await make();
  await connect("e", [summary({ head: 300, received: 100 })], false);
  equal(progress.at(-1), { done: 0, total: 200 });
  await hear({ t: "messages", conv: CONV, entries: run(101, 150) });
  equal(progress.at(-1), { done: 50, total: 200 });
  await hear({ t: "messages", conv: CONV, entries: run(151, 301) });
  equal(progress.at(-1), { done: 200, total: 200 });
  await hear({ t: "sync_done", as_of: 5 });
  equal([progress.at(-1), sync.progress.isFlowing], [null, false]);
  await hear({ t: "messages", conv: CONV, entries: [entry(302)] });
  equal(progress.at(-1), null);
  drop();
  equal(progress.at(-1), null);
});

test("the newest page is shown at once, above the gap, until the rest has come", async () => {
  const { connect, hear, sync, take, acks, chat, timers } = await make();
  await connect("e", [summary({ head: 600 })], false);
  await hear({ t: "messages", conv: CONV, entries: run(1, 3) });
  take();
  const asked = sync.previewed(chat());
  equal(take().filter(({ t }) => t === "fetch"), [{ t: "fetch", conv: CONV, from: 551, to: 600 }]);
  await hear({ t: "page", conv: CONV, from: 551, to: 600, entries: run(551, 600), absent: [] });
  await asked;
  timers.pass(300);
  equal([acks(), shown(chat()), chat().log.ahead.length, chat().received], [[], [1, 2, 3], 50, 3]);
  // An own message that came after it belongs to it; what is on its way below is not shown piece by piece.
  await hear({ t: "messages", conv: CONV, entries: [...run(4, 500), entry(601, ME)] });
  equal([shown(chat()), chat().log.ahead.at(-1).seq, chat().log.isPreviewReached], [[1, 2, 3], 601, false]);
  await hear({ t: "messages", conv: CONV, entries: run(501, 560) });
  timers.pass(300);
  equal([acks().at(-1), chat().log.isPreviewReached], ["DELIVERED 601", true]);
  chat().log.endPreview(false);
  equal([shown(chat())[0], shown(chat()).length, chat().log.view.from], [551, 51, 551]);
  // The rest is history, in the database.
  equal([await sync.loadOlder(chat()), shown(chat())[0], take()], [true, 501, []]);
});

test("who reads above the gap goes on reading there", async () => {
  const { connect, hear, sync, chat, take } = await make();
  await connect("e", [summary({ head: 300, unread: 300 })], false);
  await hear({ t: "messages", conv: CONV, entries: run(1, 3) });
  const asked = sync.previewed(chat());
  await hear({ t: "page", conv: CONV, from: 251, to: 300, entries: run(251, 300), absent: [] });
  await asked;
  await hear({ t: "messages", conv: CONV, entries: run(4, 250) });
  chat().log.endPreview(true);
  equal([shown(chat()), chat().log.isDetached, chat().unread], [[1, 2, 3], true, 300]);
  take();
  // Down again, all of it from the database.
  while (await sync.loadNewer(chat()));
  equal([shown(chat()).length, chat().log.isDetached, chat().log.view.from, take()], [300, false, 1, []]);
});

test("a chat that is left while it is far behind: what came out of order is there when its turn comes", async () => {
  const { connect, hear, sync, chat } = await make();
  await connect("e", [summary({ head: 300, unread: 300 })], false);
  await hear({ t: "messages", conv: CONV, entries: run(1, 3) });
  const asked = sync.previewed(chat());
  await hear({ t: "page", conv: CONV, from: 251, to: 300, entries: run(251, 300), absent: [] });
  await asked;
  await hear({ t: "messages", conv: CONV, entries: run(6, 9) });
  await hear({ t: "messages", conv: CONV, entries: [entry(4)] });
  chat().open(false);
  equal(chat().received, 4);
  await hear({ t: "messages", conv: CONV, entries: [entry(5)] });
  equal([chat().received, shown(chat())], [9, [5, 6, 7, 8, 9]]);
  await hear({ t: "messages", conv: CONV, entries: run(10, 250) });
  equal([chat().received, shown(chat()).length, chat().unread], [300, 296, 300]);
});

test("a page that holds less than was asked for is asked on, and the answer is whole", async () => {
  const { connect, hear, sync, take, chat } = await make();
  await connect("e", [summary({ head: 100, received: 100 })]);
  take();
  const loading = sync.loadOlder(chat());
  const shorter = sync.history.fetch(CONV, 51, 60);
  while (sync.history.asked.size < 2) await new Promise((resolve) => requestAnimationFrame(resolve));
  equal(take().map(({ from, to }) => [from, to]), [[51, 60], [51, 100]]);
  await hear({ t: "page", conv: CONV, from: 51, to: 60, entries: run(51, 60), absent: [] });
  equal((await shorter).entries.length, 10);
  await hear({ t: "page", conv: CONV, from: 51, to: 70, entries: run(51, 69), absent: [{ from: 70, to: 70, why: "deleted" }] });
  equal(take().map(({ from, to }) => [from, to]), [[71, 100]]);
  await hear({ t: "page", conv: CONV, from: 71, to: 100, entries: run(71, 100), absent: [] });
  equal([await loading, shown(chat()).length, chat().log.view.from, take(), sync.history.asked.size], [true, 49, 51, [], 0]);
});

test("a page that was cut is not counted as there when the connection goes in between", async () => {
  const { connect, hear, sync, take, drop } = await make();
  await connect("e", [summary({ head: 100, received: 100 })]);
  take();
  const asked = sync.history.fetch(CONV, 1, 20);
  await hear({ t: "page", conv: CONV, from: 1, to: 5, entries: run(1, 5), absent: [] });
  drop();
  equal(await asked, null);
});

test("a mention that was deleted is none any more", async () => {
  const { connect, hear, chat } = await make();
  await connect();
  await hear({ t: "messages", conv: CONV, entries: [entry(1), { ...entry(2), mentions: [ME] }] });
  equal(chat().isMentioned, true);
  await hear({ t: "changes", conv: CONV, upto: 1, changes: [edit(2, 1)] });
  equal(chat().isMentioned, true);
  await hear({ t: "changes", conv: CONV, upto: 2, changes: [{ seq: 2, rev: 2, type: "delete" }] });
  equal(chat().isMentioned, false);
  await hear({ t: "messages", conv: CONV, entries: [entry(3)] });
  equal(chat().isMentioned, false);
});
