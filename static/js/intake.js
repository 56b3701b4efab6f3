// What comes from the server, one frame after the other: an entry is shown and acknowledged only after the database
// has it, and the next frame waits until then. After that other tabs are told.

import { EntryIntake } from "./intake_entries.js";
import { ListIntake } from "./intake_list.js";

export class Intake {
  constructor(sync) {
    this.sync = sync;
    this.list = new ListIntake(sync);
    this.handlers = [this.list, new EntryIntake(sync), sync.presence];
    this.reset();
  }

  // A new connection: first comes the list of all conversations.
  begin() {
    this.reset();
    this.list.begin();
  }

  // Frames of a connection that is gone are worth nothing: the next hello says where this device stands.
  reset() {
    this.queue = [];
    this.list.reset();
  }

  take(frame) {
    this.queue.push(frame);
    this.working ??= this.#work().finally(() => (this.working = undefined));
  }

  async #work() {
    while (this.queue.length) {
      const frame = this.queue.shift();
      const name = `on_${frame.t}`;
      const handler = this.handlers.find((each) => each[name]);
      await this.sync.guard(async () => this.sync.peers.pass((await handler?.[name](frame)) ?? [frame]));
    }
  }
}
