// Signing out: the server first, since what was wiped while the session goes on would be lost for nothing; then all that
// is kept here, of every device this browser has been. Whatever has become of the rest of the page: it needs no app.

import { countUnsent, wipeAll } from "./databases.js";
import { ask } from "./http.js";
import { forgetPage, toSignIn } from "./install.js";
import { Subscribing } from "./subscribing.js";
import { LeaveDialog } from "./views/leave_dialog.js";

export class SignOut {
  // `onOver()`: there is no session any more, and what is kept is about to go.
  constructor({ device, notifications, onOver }) {
    Object.assign(this, { device, onOver });
    this.subscribing = new Subscribing(notifications);
    this.dialog = new LeaveDialog({ onLeave: () => this.#leave() });
  }

  // Asks first where something would be lost.
  async start() {
    const unsent = await countUnsent(this.device);
    if (unsent) this.dialog.ask(unsent);
    else await this.#leave();
  }

  async #leave() {
    const { problem } = await ask("POST", "/sign-out/");
    if (problem) {
      this.dialog.refuse(problem.title);
      return;
    }
    this.onOver();
    await Promise.allSettled([forgetPage(), this.subscribing.forget(), wipeAll(this.device)]);
    toSignIn();
  }
}
