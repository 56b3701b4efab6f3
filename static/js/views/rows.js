// A list drawn from a plan: [key, function that makes the row, function that freshens it if it stays]… A row whose key
// has not changed is left in place, so that focus, selection and scroll position stay where they are.

export class Rows {
  constructor(list) {
    this.list = list;
    this.byKey = new Map();
  }

  draw(plan) {
    const rows = new Map(plan.map(([key, make, freshen]) => [key, this.#stay(key, freshen) ?? make()]));
    for (const [key, row] of this.byKey) if (!rows.has(key)) row.remove();
    let at = this.list.firstElementChild;
    for (const row of rows.values()) {
      if (row === at) at = at.nextElementSibling;
      else this.list.insertBefore(row, at);
    }
    this.byKey = rows;
  }

  #stay(key, freshen) {
    const row = this.byKey.get(key);
    if (row) freshen?.(row);
    return row;
  }

  clear() {
    this.byKey.clear();
    this.list.replaceChildren();
  }
}
