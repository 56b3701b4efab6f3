// A window on a list whose end matters: at the end it sticks to it, elsewhere what is looked at stays in its place
// whatever is drawn or taken away above or below.

const NEAR_PX = 60;
const AHEAD_PX = 600;

export class Viewport {
  constructor({ scroll, list, onMove }) {
    // `hasEnd`: what is drawn ends with the newest.
    Object.assign(this, { scroll, list, hasEnd: true, stuck: true, endTop: 0 });
    scroll.addEventListener("scroll", () => this.#scrolled(onMove), { passive: true });
    // The keyboard of a phone comes and goes; a composer grows.
    new ResizeObserver(() => this.stuck && this.toEnd()).observe(scroll);
  }

  get isAtEnd() {
    return this.#left < NEAR_PX && this.hasEnd;
  }

  get isNearTop() {
    return this.scroll.scrollTop < AHEAD_PX;
  }

  get isNearBottom() {
    return this.#left < AHEAD_PX;
  }

  // Below the window.
  get #left() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroll;
    return scrollHeight - scrollTop - clientHeight;
  }

  // The highest seq whose row ends inside the window; 0 for none.
  get lastVisible() {
    const end = this.scroll.getBoundingClientRect().bottom + 1;
    for (let row = this.list.lastElementChild; row; row = row.previousElementSibling) {
      if (row.dataset.seq && row.getBoundingClientRect().bottom <= end) return Number(row.dataset.seq);
    }
    return 0;
  }

  // The message that stays in its place; Infinity at the end.
  get anchorSeq() {
    this.#notice();
    return this.stuck ? Infinity : Number(this.#anchor()?.seq ?? Infinity);
  }

  keeping(draw) {
    this.#notice();
    const anchor = this.stuck ? null : this.#anchor();
    draw();
    if (this.stuck) this.toEnd();
    else if (anchor) this.#restore(anchor);
  }

  // At once: what is drawn on the way would end a gliding scroll halfway.
  toEnd() {
    this.stuck = true;
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.endTop = this.scroll.scrollTop;
  }

  // What is in it has another height.
  settle() {
    this.stuck = this.isAtEnd;
  }

  // Somebody has scrolled up, and the event is still on its way.
  #notice() {
    if (this.stuck && this.scroll.scrollTop < this.endTop - 1) this.stuck = this.isAtEnd;
  }

  // Brings a row below the upper edge, if that is above the end.
  showTop(selector) {
    const row = this.list.querySelector(selector);
    if (!row) return;
    const top = row.getBoundingClientRect().top - this.scroll.getBoundingClientRect().top;
    this.scroll.scrollTop += top - NEAR_PX;
    this.stuck = this.isAtEnd;
  }

  // False: there is no such row.
  flash(selector) {
    const row = this.list.querySelector(selector);
    if (!row) return false;
    row.scrollIntoView({ block: "center" });
    row.classList.remove("flash");
    // Read in between: the animation starts anew.
    void row.offsetWidth;
    row.classList.add("flash");
    return true;
  }

  #scrolled(onMove) {
    this.stuck = this.isAtEnd;
    onMove();
  }

  // The first message inside the window, and where it is.
  #anchor() {
    const edge = this.scroll.getBoundingClientRect().top;
    for (const row of this.list.querySelectorAll("[data-seq]")) {
      const { top, bottom } = row.getBoundingClientRect();
      if (bottom > edge) return { seq: row.dataset.seq, top };
    }
    return null;
  }

  #restore({ seq, top }) {
    const row = this.list.querySelector(`[data-seq="${seq}"]`);
    if (row) this.scroll.scrollTop += row.getBoundingClientRect().top - top;
  }
}
