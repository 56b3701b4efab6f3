// What all dialogs have.

import { byId } from "./dom.js";

// One of the page, its buttons that close it wired.
export function dialog(id) {
  const element = byId(id);
  for (const button of element.querySelectorAll("[data-close]")) button.addEventListener("click", () => element.close());
  return element;
}
