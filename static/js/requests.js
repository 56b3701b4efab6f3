// Edits, deletions and the like: each is done or refused, or nobody knows, when the connection goes before the answer.
// They may be repeated without harm. What has changed comes to every device by itself.

export const UNKNOWN = { code: "UNKNOWN", retryable: true };

const key = ({ t, conv, seq, user, client_id }) => [t, conv, seq, user, client_id].join();

export class Requests {
  constructor({ transmit, isOnline }) {
    Object.assign(this, { transmit, isOnline });
    this.asked = new Map();
  }

  // Null: done. Otherwise why not: {code, text, retryable}.
  ask(frame) {
    if (!this.isOnline()) return Promise.resolve(UNKNOWN);
    return new Promise((resolve) => {
      this.asked.set(key(frame), [...(this.asked.get(key(frame)) ?? []), resolve]);
      this.transmit(frame);
    });
  }

  done({ ref }) {
    this.#answer(ref, null);
  }

  refused({ ref, ...error }) {
    this.#answer(ref, error);
  }

  abandon() {
    for (const waiting of this.asked.values()) for (const resolve of waiting) resolve(UNKNOWN);
    this.asked.clear();
  }

  #answer(ref, answer) {
    for (const resolve of this.asked.get(key(ref)) ?? []) resolve(answer);
    this.asked.delete(key(ref));
  }
}
