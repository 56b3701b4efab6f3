import { BACKOFF, delay, patience } from "/static/js/backoff.js";
import { equal, shared, test } from "./harness.js";

test("the shared cases hold", async () => {
  for (const { failures, share, delay_ms } of await shared("backoff")) equal(delay(failures, () => share), delay_ms, `${failures} at ${share}:`);
});

test("a crowd spreads", () => {
  const delays = new Set(Array.from({ length: 200 }, () => delay(5)));
  if (delays.size < 100) throw new Error(`only ${delays.size} different pauses`);
});

test("a connection is tried for ever, at the cap", () => {
  equal([patience(9, () => 0.5), patience(10, () => 0.5), patience(1e6, () => 0.5)], [BACKOFF.cap, BACKOFF.cap, BACKOFF.cap]);
  equal(patience(1, () => 0.5), BACKOFF.initial);
});
