// The thread as a place to drop files. Beside it nothing takes them: left to itself the browser would leave the page for
// what was dropped.

import { byId } from "./dom.js";

const carriesFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files");

export class DropZone {
  // `onDrop(files)`.
  constructor({ onDrop }) {
    Object.assign(this, { onDrop, zone: byId("drop") });
    this.zone.addEventListener("dragleave", () => (this.zone.hidden = true));
    for (const name of ["dragover", "drop"]) addEventListener(name, (event) => carriesFiles(event) && this.#over(event));
  }

  enter(event) {
    if (carriesFiles(event) && byId("thread-pane").contains(event.target) && !byId("composer").hidden) this.zone.hidden = false;
  }

  #over(event) {
    const isInside = this.zone.contains(event.target);
    event.preventDefault();
    event.dataTransfer.dropEffect = isInside ? "copy" : "none";
    if (event.type !== "drop") return;
    this.zone.hidden = true;
    if (isInside) this.onDrop([...event.dataTransfer.files]);
  }
}
