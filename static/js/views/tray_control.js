// The files that go with what is being written, and the ways they come: picked, pasted, or dropped onto the thread. What
// takes them in and shows them (tray.js) comes with the first.

import { gettext } from "../words.js";
import { byId } from "./dom.js";

const carriesFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files");

// Of a table from an office program the text is meant, not the picture of it that comes along.
const isText = ({ types }) => types.includes("text/plain") && types.includes("text/html");

export class TrayControl {
  // `part`: tray.js, when it is wanted. `onChange()`: the files of the draft that is shown are others. `onDraft(draft)`:
  // those of one that is not in the field just now. `say(text)`.
  constructor({ drafts, part, say, onChange, onDraft }) {
    Object.assign(this, { drafts, part, say, onChange, onDraft, conv: null, files: [], canTake: false });
    const [field, pane, zone] = [byId("files"), byId("thread-pane"), byId("drop")];
    byId("attach").addEventListener("click", () => field.click());
    field.addEventListener("change", () => {
      this.#take([...field.files]);
      field.value = "";
    });
    pane.addEventListener("paste", (event) => this.#pasted(event));
    pane.addEventListener("dragenter", (event) => this.#dragged(event, zone));
    zone.addEventListener("dragleave", () => (zone.hidden = true));
    for (const name of ["dragover", "drop"]) addEventListener(name, (event) => carriesFiles(event) && this.#over(event, zone));
  }

  // `canTake`: the draft is in the field, and not a message that is edited.
  show(conv, files, canTake) {
    Object.assign(this, { conv, files, canTake });
    this.#draw();
  }

  put(files) {
    this.files = files;
    this.#draw();
    this.onChange();
  }

  // Some are still being read.
  get isBusy() {
    return Boolean(this.part.part?.isBusy(this.conv));
  }

  // Once they are.
  settled(then) {
    this.part.part.then = then;
  }

  async #draw() {
    const { part } = this;
    if (part.part || (this.canTake && this.files.length)) (part.part ?? (await part.get()))?.draw(this);
  }

  #pasted(event) {
    const { clipboardData } = event;
    if (!clipboardData.files.length || isText(clipboardData)) return;
    event.preventDefault();
    this.#take([...clipboardData.files]);
  }

  // How the zone looks comes with the rest.
  async #dragged(event, zone) {
    if (carriesFiles(event) && !byId("composer").hidden) zone.hidden = !(await this.part.get());
  }

  // Beside the thread nothing takes it; left to itself the browser would leave the page for the file.
  #over(event, zone) {
    const isInside = zone.contains(event.target);
    event.preventDefault();
    event.dataTransfer.dropEffect = isInside ? "copy" : "none";
    if (event.type !== "drop") return;
    zone.hidden = true;
    if (isInside) this.#take([...event.dataTransfer.files]);
  }

  async #take(picked) {
    const { conv } = this;
    if (!picked.length) return;
    if (!this.canTake) return this.say(gettext("Finish editing before you attach files."));
    const tray = await this.part.get();
    if (tray) await tray.take(this, conv, picked);
    else this.say(gettext("You are offline: this needs the connection."));
  }
}
