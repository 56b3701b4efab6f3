// The tabs of one device. One leads: it alone has the connection and sends; the others see what it sees. Who leads holds
// a lock, which a tab loses with its life, and then the next one has it. Where a browser has no locks (a page that came
// over plain http from another machine), every tab leads and none tells the others anything.

export class Tabs {
  // `onLead()`: this tab leads from now on. `onFollow()`: another does. `onNews(news)`: another tab says something.
  constructor(name, { onLead, onFollow, onNews }) {
    Object.assign(this, { name, onLead, onFollow, isLeading: false });
    this.id = crypto.getRandomValues(new Uint32Array(2)).join("-");
    this.channel = navigator.locks ? new BroadcastChannel(name) : null;
    if (this.channel) this.channel.onmessage = ({ data }) => onNews(data);
  }

  start() {
    if (!this.channel) {
      this.#lead();
      return;
    }
    navigator.locks.request(this.name, { ifAvailable: true }, (lock) => (lock ? this.#hold() : this.#wait()));
  }

  tell(news) {
    this.channel?.postMessage(news);
  }

  #wait() {
    navigator.locks.request(this.name, () => this.#hold());
    this.onFollow();
  }

  // For as long as this tab lives, or is of use.
  #hold() {
    if (this.isOver) return undefined;
    this.#lead();
    return new Promise((resolve) => (this.letGo = resolve));
  }

  // The next one may try.
  release() {
    Object.assign(this, { isLeading: false, isOver: true });
    this.letGo?.();
  }

  #lead() {
    this.isLeading = true;
    this.onLead();
  }
}
