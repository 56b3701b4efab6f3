// A list drawn from a plan of rows: {id, look, make (gives the row), freshen (mends it if it stays)}. A row whose look has
// not changed is left in place, so that selection and scroll position stay where they are. Focus is never lost: it goes
// to the same part of the row that takes the place of the old one, or to a neighbour.

const nameOf = (element) => element.getAttribute("aria-label") ?? element.textContent;

// The part of a row made anew that is what `element` was in the old one.
function counterpart(row, element) {
  const name = nameOf(element);
  const parts = [...row.querySelectorAll("button, a")];
  return parts.find((part) => part.className === element.className && nameOf(part) === name) ?? row.querySelector("[tabindex], button") ?? row;
}

export class Rows {
  constructor(list) {
    Object.assign(this, { list, byId: new Map() });
  }

  draw(plan) {
    const held = this.#held();
    const before = this.byId;
    this.byId = new Map(plan.map((each) => [each.id, this.#row(before.get(each.id), each)]));
    for (const [id, { row }] of before) if (this.byId.get(id)?.row !== row) row.remove();
    let at = this.list.firstElementChild;
    for (const { row } of this.byId.values()) {
      if (row === at) at = at.nextElementSibling;
      else this.list.insertBefore(row, at);
    }
    if (held && !this.list.contains(document.activeElement)) this.#giveBack(held, [...before.keys()]);
  }

  #row(known, { look, make, freshen }) {
    const drawn = known && known.look === look ? known : { look, row: make() };
    freshen?.(drawn.row);
    return drawn;
  }

  // What has the focus, and in which row.
  #held() {
    const element = document.activeElement;
    if (!this.list.contains(element)) return null;
    const [id] = [...this.byId].find(([, { row }]) => row.contains(element)) ?? [];
    return id === undefined ? null : { element, id };
  }

  #giveBack({ element, id }, order) {
    const at = order.indexOf(id);
    const near = [id, ...order.slice(at + 1), ...order.slice(0, at).reverse()].find((each) => this.byId.get(each)?.row.querySelector("[tabindex], button"));
    if (near === undefined) return;
    const { row } = this.byId.get(near);
    const heir = element.isConnected ? element : near === id ? counterpart(row, element) : row.querySelector("[tabindex], button");
    heir.focus({ preventScroll: true });
  }

  clear() {
    this.byId.clear();
    this.list.replaceChildren();
  }
}
