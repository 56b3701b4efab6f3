// One file on its way up, by tus 1.0.0 (docs/protocol.md): what is to be done next, and what an answer or a failure
// changes about that. Pure: uploads.js does it.
//
// Create, idempotent on the file's client_id, tells how much is there; then chunk after chunk. After any failure it is
// not known how much has arrived: it is asked for. A chunk grows while it goes up fast, since each costs a round trip,
// and shrinks when one fails, since nothing of it counts.

import { BACKOFF, delay } from "./backoff.js";

const KIB = 1024;
export const CHUNK = { first: 256 * KIB, least: 32 * KIB, most: 4096 * KIB };
const FAST_MS = 1000;
const SLOW_MS = 8000;

// What is wrong, by the code of a problem or by the status of an answer. "again": after a pause; "anew": the server does
// not have it any more; "pause": until the next connection; "fail": by hand; "reject": never.
const BY_CODE = { QUOTA_EXCEEDED: "fail", WRONG_OFFSET: "again", CHECKSUM_MISMATCH: "again", UNREADABLE: "fail" };
const BY_STATUS = { 0: "again", 401: "pause", 403: "pause", 404: "anew", 408: "again", 410: "anew", 423: "again", 425: "again", 429: "again" };

export const verdict = ({ status = 0, code }) => BY_CODE[code] ?? BY_STATUS[status] ?? (status >= 500 ? "again" : "reject");

export class Upload {
  constructor(size) {
    Object.assign(this, { size, url: null, offset: 0, isSure: false, isThere: false, chunk: CHUNK.first, failures: 0 });
  }

  // {does: "create" | "ask" | "send" (bytes `from` up to `to`) | "fetch" (what has become of it)}.
  get step() {
    if (!this.url) return { does: "create" };
    if (!this.isSure) return { does: "ask" };
    if (this.offset < this.size) return { does: "send", from: this.offset, to: Math.min(this.size, this.offset + this.chunk) };
    return { does: "fetch" };
  }

  created({ url, offset }) {
    this.url = url;
    this.told(offset);
  }

  // How much is there. More than before: it goes on.
  told(offset) {
    if (offset > this.offset) this.failures = 0;
    Object.assign(this, { offset, isSure: true });
  }

  // A chunk is there; it took so many milliseconds.
  sent(offset, took) {
    this.told(offset);
    if (took < FAST_MS) this.chunk = Math.min(CHUNK.most, this.chunk * 2);
    if (took > SLOW_MS) this.#shrink();
  }

  #shrink() {
    this.chunk = Math.max(CHUNK.least, this.chunk / 2);
  }

  // {verdict, pause (milliseconds)}. "again" as often as the backoff has it.
  failed(problem, random = Math.random) {
    this.failures += 1;
    this.isSure = false;
    this.#shrink();
    const found = verdict(problem);
    if (found === "anew") Object.assign(this, { url: null, offset: 0 });
    if (found !== "again" && found !== "anew") return { verdict: found };
    if (this.failures >= BACKOFF.attempts) return { verdict: "fail" };
    return { verdict: "again", pause: Math.max(delay(this.failures, random), problem.retryAfterMs ?? 0) };
  }
}
