// The health of the connection: when to connect, when to give a silent one up, what to tell people.
// States: connecting, connected, waiting (to try again), and for good: signed-out, superseded (somebody else is signed
// in, or as another device), outdated (a newer page has the database), no-storage, stopped (coming back would not help).

import { patience } from "./backoff.js";
import { now as time } from "./clock.js";
import { isTerminal, SIGN_IN_AGAIN } from "./protocol.js";
import { Socket } from "./socket.js";

const CONNECT_TIMEOUT_MS = 10000;
const ANSWER_TIMEOUT_MS = 10000;
// Beats come this much before they are due: the pulse is not that fine.
const EARLY_MS = 5000;

export class Monitor {
  // `pulse(call)` calls regularly, every few seconds, also in a tab nobody looks at. `since`: when there was a connection
  // before this, in an earlier visit perhaps. `now`: of a clock nobody can set.
  constructor({ onOpen, onFrame, onState, onHeartbeat, pulse, since, now = () => performance.now() }) {
    Object.assign(this, { onOpen, onFrame, onState, onHeartbeat, now, downSince: since });
    this.failures = 0;
    this.heartbeatMs = 25000;
    pulse(() => this.#check());
    addEventListener("online", () => this.wake());
    addEventListener("offline", () => this.wake());
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
  }

  start() {
    clearTimeout(this.timer);
    this.socket?.close();
    this.#enter("connecting");
    this.socket = new Socket({
      onOpen: () => this.onOpen(),
      onFrame: (frame) => this.#frame(frame),
      onClose: (code) => this.#closed(code),
    });
    this.timer = setTimeout(() => this.#closed(0), CONNECT_TIMEOUT_MS);
  }

  send(frame) {
    this.socket?.send(frame);
  }

  // Something says the network has changed, or the page is looked at again.
  wake() {
    if (this.state === "waiting") this.start();
    else if (this.state === "connected") this.#beat();
  }

  welcomed(heartbeatMs) {
    if (this.state !== "connecting") return;
    clearTimeout(this.timer);
    this.failures = 0;
    this.heartbeatMs = heartbeatMs;
    this.beatAt = this.now();
    this.askedAt = null;
    this.#enter("connected");
  }

  // For good: until the page is loaded again.
  stop(state = "stopped") {
    clearTimeout(this.timer);
    this.socket?.close();
    this.#enter(state);
  }

  // Another tab has the connection from now on.
  retire() {
    clearTimeout(this.timer);
    this.socket?.close();
    this.state = "retired";
  }

  #frame(frame) {
    this.askedAt = null;
    if (frame.t === "reconnect") this.#comeBack(frame.after_ms);
    else this.onFrame(frame);
  }

  // Beats are due however much is heard: the server wants to hear, too.
  #check() {
    // The timers of a tab nobody looks at may be a minute late.
    if (this.state === "waiting" && this.now() >= this.dueAt) this.start();
    if (this.state !== "connected") return;
    if (this.askedAt !== null && this.now() - this.askedAt >= ANSWER_TIMEOUT_MS) this.#closed(0);
    else if (this.now() - this.beatAt >= this.heartbeatMs - EARLY_MS) this.#beat();
  }

  #beat() {
    this.beatAt = this.now();
    this.askedAt ??= this.beatAt;
    this.onHeartbeat();
  }

  #closed(code) {
    if (code === SIGN_IN_AGAIN) this.stop("signed-out");
    else if (isTerminal(code)) this.stop();
    else {
      this.failures += 1;
      this.#comeBack(patience(this.failures));
    }
  }

  #comeBack(afterMs) {
    clearTimeout(this.timer);
    this.socket?.close();
    this.#enter("waiting");
    this.dueAt = this.now() + afterMs;
    this.timer = setTimeout(() => this.start(), afterMs);
  }

  #enter(state) {
    if (state === "connected") this.downSince = null;
    else this.downSince ??= time();
    this.state = state;
    this.onState(state, this.downSince);
  }
}
