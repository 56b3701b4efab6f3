// The tabs of one device. One leads: it alone has the connection and sends; the others see what it sees. Who leads holds
// a lock, which a tab loses with its life, and then the next one has it; or to one that has not heard of it for too long
// and seizes it. Where a browser has no locks (a page that came over plain http from another machine), every tab leads,
// and they tell each other only what no server tells.

export class Tabs {
  // `onLead()`: this tab leads from now on. `onFollow()`: another does. `onLost()`: another has seized the lead.
  // `onNews(news)`: another tab says something.
  constructor(name, { onLead, onFollow, onLost, onNews }) {
    Object.assign(this, { name, onLead, onFollow, onLost, isLeading: false });
    this.id = crypto.getRandomValues(new Uint32Array(2)).join("-");
    this.channel = new BroadcastChannel(name);
    this.channel.onmessage = ({ data }) => onNews(data);
  }

  // Whether there may be others, that have no connection.
  get isLeadingOthers() {
    return this.isLeading && navigator.locks !== undefined;
  }

  start() {
    if (navigator.locks) this.#ask({ ifAvailable: true }, (lock) => (lock ? this.#hold() : this.#wait()));
    else this.#lead();
  }

  tell(news) {
    this.channel.postMessage(news);
  }

  // The one that leads hangs, or is frozen.
  seize() {
    if (this.isOver || this.isLeading) return;
    this.waiting?.abort();
    this.#ask({ steal: true }, () => this.#hold());
  }

  async #ask(options, take) {
    let isHolding = false;
    try {
      await navigator.locks.request(this.name, options, (lock) => {
        isHolding = lock !== null;
        return take(lock);
      });
    } catch (error) {
      if (error.name !== "AbortError") throw error;
      // Otherwise it has only ceased to wait.
      if (isHolding && !this.isOver) this.#lose();
    }
  }

  #wait() {
    this.waiting = new AbortController();
    this.#ask({ signal: this.waiting.signal }, () => this.#hold());
    this.onFollow();
  }

  // For as long as this tab lives, or is of use, or until another seizes it.
  #hold() {
    if (this.isOver) return undefined;
    this.#lead();
    return new Promise((resolve) => (this.letGo = resolve));
  }

  #lose() {
    this.isLeading = false;
    this.onLost();
    this.#wait();
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
