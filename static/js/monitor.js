// The health of the connection: when to connect, when to give a silent one up, what to tell people.
// States: connecting, connected, waiting (with the time since when), signed-out.

import { patience } from "./backoff.js";
import { isTerminal, SIGN_IN_AGAIN } from "./protocol.js";
import { Socket } from "./socket.js";

const CONNECT_TIMEOUT_MS = 10000;
const ANSWER_TIMEOUT_MS = 10000;

export class Monitor {
  constructor({ onOpen, onFrame, onState, onHeartbeat }) {
    Object.assign(this, { onOpen, onFrame, onState, onHeartbeat });
    this.failures = 0;
    this.heartbeatMs = 25000;
    addEventListener("online", () => this.wake());
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
  }

  start() {
    clearTimeout(this.timer);
    this.socket?.close();
    this.#state("connecting");
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

  // Something says the network may be back, or the page is looked at again.
  wake() {
    if (this.state === "waiting") this.start();
    else if (this.state === "connected") this.#beat();
  }

  welcomed(heartbeatMs) {
    this.failures = 0;
    this.heartbeatMs = heartbeatMs;
    this.#state("connected");
    this.#schedule();
  }

  stop() {
    clearTimeout(this.timer);
    this.socket?.close();
    this.state = "stopped";
  }

  #frame(frame) {
    if (this.state === "connected") this.#schedule();
    if (frame.t === "reconnect") this.comeBackIn = frame.after_ms;
    this.onFrame(frame);
  }

  // Any frame shows life; without one the next beat asks for it.
  #schedule() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#beat(), this.heartbeatMs);
  }

  #beat() {
    clearTimeout(this.timer);
    this.onHeartbeat();
    this.timer = setTimeout(() => this.#closed(0), ANSWER_TIMEOUT_MS);
  }

  #closed(code) {
    clearTimeout(this.timer);
    this.socket?.close();
    if (this.state === "stopped") return;
    if (code === SIGN_IN_AGAIN) return this.#state("signed-out");
    this.failures += 1;
    const pause = this.comeBackIn ?? patience(isTerminal(code) ? 10 : this.failures);
    this.comeBackIn = undefined;
    this.#state("waiting");
    this.timer = setTimeout(() => this.start(), pause);
  }

  #state(state) {
    if (state === "connected") this.downSince = null;
    else this.downSince ??= new Date();
    this.state = state;
    this.onState(state, this.downSince);
  }
}
