// A thread by keyboard. The Tab key stops at one message and what can be pressed in it; arrow keys go to the others,
// Enter, Space or the menu key open what can be done with it, Escape leaves.

const STOPS = ".bubble, button, a";
const STEPS = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" };

const isMenuKey = ({ key, shiftKey }) => key === "ContextMenu" || (key === "F10" && shiftKey);
const isMessage = (row) => Boolean(row?.querySelector(".bubble"));

export class Rover {
  // `list`: of rows, in `scroll`. `onMenu(row)`, `onLeave()`.
  constructor({ list, scroll, onMenu, onLeave }) {
    Object.assign(this, { list, scroll, onMenu, onLeave, current: null });
    list.addEventListener("focusin", ({ target }) => this.#visit(target.closest("li")));
    list.addEventListener("keydown", (event) => this.#key(event));
  }

  #visit(row) {
    this.visited = row.dataset.clientId;
    this.#choose(row);
  }

  // Rows have come and gone. The stop is where someone has been, else the newest.
  settle() {
    const same = this.visited && this.list.querySelector(`[data-client-id="${CSS.escape(this.visited)}"]`);
    const last = () => [...this.list.children].findLast(isMessage);
    this.#choose(same || last() || null);
  }

  // From now on the newest, until someone goes elsewhere.
  toNewest() {
    this.visited = null;
    this.settle();
  }

  #choose(row) {
    if (row === this.current || (row && !isMessage(row))) return;
    for (const stop of this.current?.querySelectorAll(STOPS) ?? []) stop.tabIndex = -1;
    for (const stop of row?.querySelectorAll(STOPS) ?? []) stop.tabIndex = 0;
    this.current = row;
  }

  #key(event) {
    const row = event.target.closest("li");
    const onBubble = event.target.matches(".bubble");
    if (STEPS[event.key]) this.#go(row, STEPS[event.key]);
    else if (isMenuKey(event) || (onBubble && (event.key === "Enter" || event.key === " "))) this.onMenu(row);
    else if (event.key === "Escape") this.onLeave();
    else return;
    event.preventDefault();
  }

  // From where the eyes are: somebody may have scrolled away from what has the focus.
  #go(row, step) {
    const next = this.#isVisible(row) ? this.#neighbour(row, step) : this.#visible(step);
    const bubble = next?.querySelector(".bubble");
    bubble?.focus({ preventScroll: true });
    bubble?.scrollIntoView({ block: "nearest" });
  }

  #neighbour(row, step) {
    let next = row[step];
    while (next && !isMessage(next)) next = next[step];
    return next;
  }

  #visible(step) {
    const rows = [...this.list.children].filter((row) => isMessage(row) && this.#isVisible(row));
    return step === STEPS.ArrowUp ? rows.at(-1) : rows[0];
  }

  #isVisible(row) {
    const [window, { top, bottom }] = [this.scroll.getBoundingClientRect(), row.getBoundingClientRect()];
    return bottom > window.top && top < window.bottom;
  }
}
