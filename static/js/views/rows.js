// A list drawn from a plan: [key, function that makes the row]… A row whose key has not changed is left in place, so
// that focus, selection and scroll position stay where they are.

export class Rows {
  constructor(list) {
    this.list = list;
    this.byKey = new Map();
  }

  draw(plan) {
    const rows = new Map(plan.map(([key, make]) => [key, this.byKey.get(key) ?? make()]));
    for (const [key, row] of this.byKey) if (!rows.has(key)) row.remove();
    let at = this.list.firstElementChild;
    for (const row of rows.values()) {
      if (row === at) at = at.nextElementSibling;
      else this.list.insertBefore(row, at);
    }
    this.byKey = rows;
  }

  clear() {
    this.byKey.clear();
    this.list.replaceChildren();
  }
}
