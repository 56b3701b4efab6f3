import { openDatabase } from "/static/js/database.js";
import { Blobs, Unreadable } from "/static/js/blobs.js";
import { countUnsent, inherit } from "/static/js/databases.js";
import { Outbox } from "/static/js/outbox.js";
import { Refusal } from "/static/js/tus.js";
import { CHUNK } from "/static/js/upload.js";
import { Uploads } from "/static/js/uploads.js";
import { equal, test } from "./harness.js";

// A server that keeps what it is sent. `fail(what, problem)`: the next call of that kind is answered so.
function server() {
  const [kept, calls, failures] = [new Map(), [], []];
  const answer = (what, url) => {
    calls.push(what);
    const at = failures.findIndex((each) => each.what === what);
    if (at >= 0) throw new Refusal(failures.splice(at, 1)[0].problem);
    if (url && !kept.has(url)) throw new Refusal({ status: 404, code: "NOT_FOUND" });
    return kept.get(url);
  };
  return {
    kept,
    calls,
    fail: (what, problem) => failures.push({ what, problem }),
    Refusal,
    async create({ id, name, size }) {
      answer("create");
      if (!kept.has(`/${id}`)) kept.set(`/${id}`, { name, size, offset: 0 });
      return { url: `/${id}`, offset: kept.get(`/${id}`).offset };
    },
    ask: async (url) => answer("ask", url).offset,
    async send(url, offset, bytes, signal) {
      const upload = answer("send", url);
      await new Promise((resolve) => setTimeout(resolve));
      if (signal.aborted) throw new Refusal({});
      if (offset !== upload.offset) throw new Refusal({ status: 409, code: "WRONG_OFFSET" });
      return (upload.offset += bytes.byteLength);
    },
    async fetchAttachment(url) {
      const { name, size } = answer("fetch", url);
      return { id: `server${url}`, name, size };
    },
    terminate: async (url) => calls.push(`terminate ${url}`) && kept.delete(url),
  };
}

async function make() {
  const database = await openDatabase("device", () => {});
  const blobs = new Blobs(database.handle);
  const [tus, sent, told, line] = [server(), [], [], { online: true }];
  const guard = (work) => work();
  const later = {};
  const outbox = new Outbox({
    store: database.outbox, transmit: (frame) => sent.push(frame), isOnline: () => line.online, changed: () => {}, guard,
    uploads: later,
    words: { unanswered: "silence", stale: "old" }, random: () => 0, now: () => 1000,
  });
  const uploads = new Uploads({ outbox, blobs, tus, guard, tell: (...progress) => told.push(progress), arrived: () => {}, random: () => 0 });
  later.part = uploads;
  const put = async (client_id, sizes, conv = "c") => {
    const files = sizes.map((size, at) => ({ id: `${client_id}${at}`, name: "n", type: "", size }));
    for (const { id, size } of files) await blobs.put(id, new Blob([new Uint8Array(size)]));
    await outbox.add({ client_id, conv, body: "", files });
  };
  const until = async (ready) => {
    while (!ready()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { database, blobs, tus, sent, told, line, outbox, uploads, put, until };
}

const big = CHUNK.first * 4;

test("files go up in chunks, then the message with what the server made of them", async () => {
  const { put, until, sent, told, tus } = await make();
  await put("m", [big, 10]);
  await until(() => sent.length);
  equal(sent[0].attachments, ["server/m0", "server/m1"]);
  equal([tus.kept.get("/m0").offset, told.at(-1)], [big, ["m", big + 10]]);
  equal(told.every(([, bytes], at) => !at || bytes >= told[at - 1][1]), true);
});

test("after a cut it goes on from the server's offset", async () => {
  const { put, until, sent, tus } = await make();
  tus.fail("ask", { status: 503 });
  tus.fail("send", {});
  await put("m", [big]);
  await until(() => sent.length);
  equal(tus.calls.slice(0, 5), ["create", "send", "ask", "ask", "send"]);
  equal(tus.calls.filter((call) => call === "create").length, 1);
});

test("without a connection it rests, and another visit asks where it was", async () => {
  const { put, until, sent, tus, line, outbox } = await make();
  await put("m", [big]);
  await until(() => tus.calls.includes("send"));
  line.online = false;
  outbox.pause();
  await new Promise((resolve) => setTimeout(resolve, 30));
  const before = tus.calls.length;
  await new Promise((resolve) => setTimeout(resolve, 30));
  equal([tus.calls.length, sent], [before, []]);
  line.online = true;
  outbox.resend();
  await until(() => sent.length);
  equal([tus.kept.get("/m0").offset, tus.calls.filter((call) => call === "create").length], [big, 2]);
});

test("what the server refuses fails or is refused, with its reason, and others go on", async () => {
  const { put, until, sent, tus, outbox } = await make();
  tus.fail("send", { status: 422, code: "REFUSED_FILE", title: "No picture." });
  tus.fail("create", { status: 413, code: "QUOTA_EXCEEDED", title: "Too much." });
  await put("quota", [10]);
  await until(() => outbox.find("quota").state !== "pending");
  await put("bomb", [10]);
  await until(() => outbox.find("bomb").state !== "pending");
  await put("good", [10]);
  await until(() => sent.length);
  equal(outbox.items.map(({ client_id, state, reason }) => [client_id, state, reason ?? null]), [
    ["quota", "failed", "Too much."],
    ["bomb", "rejected", "No picture."],
    ["good", "pending", null],
  ]);
});

test("a lost sign-in pauses, and fails nothing", async () => {
  const { put, until, sent, tus, outbox } = await make();
  tus.fail("create", { status: 401 });
  await put("m", [10]);
  await until(() => tus.calls.length);
  await new Promise((resolve) => setTimeout(resolve, 30));
  equal([tus.calls, outbox.find("m").state], [["create"], "pending"]);
  outbox.resend();
  await until(() => sent.length);
});

test("a file that is not here any more fails its message and nothing else", async () => {
  const { put, until, outbox, blobs, line } = await make();
  line.online = false;
  await put("m", [10]);
  await blobs.remove(["m0"]);
  line.online = true;
  outbox.resend();
  await until(() => outbox.find("m").state === "failed");
  equal(outbox.find("m").reason, "The file could not be read on this device any more.");
});

test("given up: it stops, and the server's part goes", async () => {
  const { put, until, sent, tus, outbox, blobs } = await make();
  // As long as it takes: it is given up in the middle.
  tus.send = async (url, offset, bytes, signal) => {
    tus.calls.push("send");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    throw new Refusal({});
  };
  await put("m", [big]);
  await until(() => tus.calls.includes("send"));
  await outbox.discard("m");
  await until(() => tus.calls.includes("terminate /m0"));
  equal([sent, await blobs.get("m0")], [[], undefined]);
});

test("a few chats at a time, and all of them in the end", async () => {
  const { put, until, sent, line, outbox, uploads } = await make();
  line.online = false;
  for (let n = 0; n < 6; n += 1) await put(`m${n}`, [big], `c${n}`);
  line.online = true;
  outbox.resend();
  equal(uploads.jobs.size, 3);
  await until(() => sent.length === 6);
});

test("what cannot be read is told apart from a store that fails", async () => {
  const { blobs } = await make();
  const vanished = { name: "gone.jpg", stream: () => new ReadableStream({ pull: () => Promise.reject(new DOMException("gone", "NotReadableError")) }) };
  const error = await blobs.put("x", vanished).catch((error) => error);
  equal([error instanceof Unreadable, error.message, await blobs.get("x")], [true, "gone.jpg", undefined]);
});

test("files go with their message, and what nothing names goes after a while", async () => {
  const { database, blobs, put, outbox, line } = await make();
  line.online = false;
  await put("m", [1]);
  await blobs.put("draft", new Blob(["d"]));
  await blobs.put("left", new Blob(["l"]));
  await database.outbox.setDraft({ conv: "c", text: "", quote: null, files: [{ id: "draft" }] });
  await blobs.sweep();
  equal((await blobs.get("left")).size, 1);
  await blobs.sweep(Date.now() + 2 * 60 * 60 * 1000);
  const sizes = async () => Promise.all(["m0", "draft", "left"].map(async (id) => (await blobs.get(id))?.size ?? null));
  equal(await sizes(), [1, 1, null]);
  await database.store("c", [{ seq: 1, id: "i", sender: "me", client_id: "m", body: "", at: 1 }], null, [], ["m"]);
  equal([await sizes(), await database.outbox.all(), outbox.items.length], [[null, 1, null], [], 1]);
});

test("another device's files come along with its unsent messages", async () => {
  const old = await openDatabase("old", () => {});
  await old.belongTo("me");
  await new Blobs(old.handle).put("f", new Blob(["file"]));
  await old.outbox.add({ client_id: "o", conv: "c", body: "", files: [{ id: "f" }], state: "pending" });
  old.handle.close();
  const database = await openDatabase("device", () => {});
  equal((await inherit(database, "device", "me")).items.map(({ client_id }) => client_id), ["o"]);
  equal([await (await new Blobs(database.handle).get("f")).text(), await countUnsent("device")], ["file", 1]);
});

test("files of a draft in a chat that was left stay with what was written", async () => {
  const { database } = await make();
  await database.outbox.setDraft({ conv: "c", text: "look", quote: null, files: [{ id: "f" }] });
  const [kept] = await database.leave({ id: "c" }, "left", (body) => ({ client_id: "l", conv: "c", body }));
  equal([kept.body, kept.files, kept.state], ["look", [{ id: "f" }], "rejected"]);
});
