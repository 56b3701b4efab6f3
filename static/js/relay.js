// The connection as a tab sees it that does not have it: the leading tab's. In the place of Monitor.

export class Relay {
  constructor({ tell, onState }) {
    Object.assign(this, { tell, onState, state: "connecting", isOver: false });
    for (const event of ["online", "offline"]) addEventListener(event, () => this.wake());
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
  }

  // The leading tab has told of its own.
  heard(state, since) {
    if (this.isOver) return;
    this.state = state;
    this.onState(state, since);
  }

  send(frame) {
    if (!this.isOver) this.tell({ t: "say", frame });
  }

  wake() {
    if (!this.isOver) this.tell({ t: "wake" });
  }

  welcomed() {}

  // For good: this tab is done, whatever the others do; without a `state` it leads from now on.
  stop(state) {
    if (state) this.heard(state, null);
    this.isOver = true;
  }
}
