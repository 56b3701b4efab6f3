import { h } from "/static/js/views/dom.js";
import { Rows } from "/static/js/views/rows.js";
import { equal, test } from "./harness.js";

const row = (id, look = "") => ({
  id,
  look,
  make: () => h("li", { "data-id": id }, h("div", { class: "bubble", tabindex: "-1" }, `${id} ${look}`), h("button", { class: "more", "aria-label": "More" })),
});

function make() {
  const list = h("ol");
  document.body.replaceChildren(list);
  const rows = new Rows(list);
  const draw = (...plan) => rows.draw(plan.map((each) => row(...[each].flat())));
  const find = (id, selector) => list.querySelector(`[data-id="${id}"] ${selector}`);
  const focused = () => [document.activeElement.closest("li")?.dataset.id, document.activeElement.className];
  return { list, draw, find, focused, ids: () => [...list.children].map((each) => each.dataset.id) };
}

test("rows are in the order of the plan, and stay where they do not change", () => {
  const { list, draw, ids, find } = make();
  draw("a", "b", "c");
  const before = [...list.children];
  draw("x", "a", ["b", "new"], "c", "y");
  equal(ids(), ["x", "a", "b", "c", "y"]);
  equal([list.children[1] === before[0], list.children[2] === before[1], list.children[3] === before[2]], [true, false, true]);
  equal(find("b", ".bubble").textContent, "b new");
  draw("c", "a");
  equal(ids(), ["c", "a"]);
});

test("a row made anew has the focus where the old one had it", () => {
  const { draw, find, focused } = make();
  draw("a", "b", "c");
  for (const [selector, name] of [[".more", "more"], [".bubble", "bubble"]]) {
    find("b", selector).focus();
    draw("a", ["b", selector], "c");
    equal(focused(), ["b", name]);
  }
});

test("of a row that goes, a neighbour has the focus; a row that moves keeps it", () => {
  const { draw, find, focused } = make();
  draw("a", "b", "c");
  find("b", ".more").focus();
  draw("b", "c", "a");
  equal(focused(), ["b", "more"]);
  draw("c", "b", "a");
  equal(focused(), ["b", "more"]);
  draw("c", "a");
  equal(focused(), ["a", "bubble"]);
  draw("c");
  equal(focused(), ["c", "bubble"]);
});

test("focus elsewhere is left alone", () => {
  const { draw, focused } = make();
  const field = h("textarea", { class: "field" });
  document.body.append(field);
  draw("a", "b");
  field.focus();
  draw(["a", "new"]);
  equal(focused(), [undefined, "field"]);
});
