import { CHUNK, Upload, verdict } from "/static/js/upload.js";
import { equal, test } from "./harness.js";

const half = () => 0.5;
const at = (offset, size = 10_000_000) => {
  const upload = new Upload(size);
  upload.created({ url: "/u", offset });
  return upload;
};

test("created, sent from what is there on, then fetched", () => {
  const upload = new Upload(CHUNK.first + 1);
  equal(upload.step, { does: "create" });
  upload.created({ url: "/u", offset: 0 });
  equal(upload.step, { does: "send", from: 0, to: CHUNK.first });
  upload.sent(CHUNK.first, 5000);
  equal(upload.step, { does: "send", from: CHUNK.first, to: CHUNK.first + 1 });
  upload.sent(CHUNK.first + 1, 5000);
  equal(upload.step, { does: "fetch" });
});

test("what was begun before goes on where the server has it", () => {
  equal(at(6_000_000).step, { does: "send", from: 6_000_000, to: 6_000_000 + CHUNK.first });
  equal(at(10_000_000).step, { does: "fetch" });
});

test("after a failure the offset is asked for, never assumed", () => {
  const upload = at(1000);
  equal(upload.failed({ status: 0 }, half), { verdict: "again", pause: 500 });
  equal(upload.step, { does: "ask" });
  upload.told(5000);
  equal(upload.step.from, 5000);
  upload.failed({ status: 409, code: "WRONG_OFFSET" }, half);
  equal(upload.step, { does: "ask" });
});

test("an upload the server has forgotten is created anew", () => {
  const upload = at(1000);
  equal(upload.failed({ status: 404, code: "NOT_FOUND" }, half).verdict, "again");
  equal([upload.step, upload.offset], [{ does: "create" }, 0]);
});

test("ten failures without progress are enough, progress begins the count anew", () => {
  const upload = at(0);
  for (let n = 1; n < 10; n += 1) equal(upload.failed({ status: 503 }, half).verdict, "again");
  upload.told(1);
  for (let n = 1; n < 10; n += 1) equal(upload.failed({ status: 0 }, half).verdict, "again");
  upload.told(1);
  equal(upload.failed({ status: 0 }, half), { verdict: "fail" });
});

test("a chunk grows while it is fast and shrinks when it fails", () => {
  const upload = at(0, 1e9);
  let offset = 0;
  for (let n = 0; n < 10; n += 1) upload.sent((offset += 1), 10);
  equal(upload.chunk, CHUNK.most);
  for (let n = 0; n < 20; n += 1) upload.failed({ status: 0 }, half);
  equal(upload.chunk, CHUNK.least);
  upload.sent((offset += 1), 9000);
  equal(upload.chunk, CHUNK.least);
});

test("the server's own pause holds when it is longer", () => {
  equal(at(0).failed({ status: 429, retryAfterMs: 7000 }, half), { verdict: "again", pause: 7000 });
});

test("what an answer means", () => {
  const cases = [
    [{}, "again"],
    [{ status: 500 }, "again"],
    [{ status: 503, code: "UNAVAILABLE" }, "again"],
    [{ status: 460, code: "CHECKSUM_MISMATCH" }, "again"],
    [{ status: 401 }, "pause"],
    [{ status: 403 }, "pause"],
    [{ status: 404, code: "NOT_FOUND" }, "anew"],
    [{ status: 413, code: "QUOTA_EXCEEDED" }, "fail"],
    [{ status: 0, code: "UNREADABLE" }, "fail"],
    [{ status: 413, code: "UPLOAD_TOO_LARGE" }, "reject"],
    [{ status: 422, code: "REFUSED_FILE" }, "reject"],
    [{ status: 409, code: "IDEMPOTENCY_CONFLICT" }, "reject"],
  ];
  for (const [problem, expected] of cases) equal(verdict(problem), expected, JSON.stringify(problem));
});
