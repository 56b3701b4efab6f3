// Signing out: the server first, since what was wiped while the session goes on would be lost for nothing; then all that
// is kept here, of every device this browser has been. Whatever has become of the rest of the page: it needs no app.

import { countUnsent, wipeAll } from "./databases.js";
import { ask } from "./http.js";
import { forgetPage } from "./install.js";
import { LeaveDialog } from "./views/dialogs.js";
import { byId } from "./views/dom.js";

export const toSignIn = () => location.replace("/sign-in/");

export class SignOut {
  // `onOver()`: there is no session any more, and what is kept is about to go.
  constructor({ device, notifications, onOver }) {
    Object.assign(this, { device, notifications, onOver });
    this.dialog = new LeaveDialog({ onLeave: () => this.#leave() });
    byId("sign-out").addEventListener("submit", (event) => this.#asked(event));
  }

  async #asked(event) {
    event.preventDefault();
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
    await this.finish();
  }

  // The server knows of no session any more.
  async finish() {
    this.isOver = true;
    this.onOver();
    await Promise.allSettled([forgetPage(), this.notifications.forget(), wipeAll(this.device)]);
    toSignIn();
  }
}
