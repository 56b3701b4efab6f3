// The tabs of one device. One leads: it alone has the connection and sends; the others see what it sees. Who leads holds
// a lock, which a tab loses with its life, and then the next one has it. Where a browser has no locks (a page that came
// over plain http from another machine), every tab leads, and they tell each other only what no server tells.

export class Tabs {
  // `onLead()`: this tab leads from now on. `onFollow()`: another does. `onNews(news)`: another tab says something.
  constructor(name, { onLead, onFollow, onNews }) {
    Object.assign(this, { name, onLead, onFollow, isLeading: false });
    this.id = crypto.getRandomValues(new Uint32Array(2)).join("-");
    this.channel = new BroadcastChannel(name);
    this.channel.onmessage = ({ data }) => onNews(data);
  }

  // Whether there may be others, that have no connection.
  get isLeadingOthers() {
    return this.isLeading && navigator.locks !== undefined;
  }

  start() {
    if (navigator.locks) navigator.locks.request(this.name, { ifAvailable: true }, (lock) => (lock ? this.#hold() : this.#wait()));
    else this.#lead();
  }

  tell(news) {
    this.channel.postMessage(news);
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
