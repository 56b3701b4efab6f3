// The files that go with what is being written, and the doors they come in by. All else (tray.js) comes when somebody is
// at one of them.

import { byId } from "./dom.js";

// Of a table from an office program the text is meant, not the picture of it that comes along.
const isText = ({ types }) => types.includes("text/plain") && types.includes("text/html");

export class TrayControl {
  // `part`: tray.js, when it is wanted. `onChange()`: the files of the draft that is shown are others. `onDraft(draft)`:
  // those of one that is not in the field just now. `say(text)`.
  constructor({ drafts, part, say, onChange, onDraft }) {
    Object.assign(this, { drafts, part, say, onChange, onDraft, files: [] });
    part.say = say;
    byId("attach").addEventListener("click", ({ currentTarget }) => part.use((tray) => tray.pick(this), currentTarget));
    byId("thread-pane").addEventListener("paste", (event) => this.#pasted(event));
    addEventListener("dragenter", async (event) => (await part.get())?.drag(this, event));
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
    if (part.part || (this.canTake && this.files.length)) (await part.get())?.draw(this);
  }

  #pasted(event) {
    const { clipboardData } = event;
    const files = [...clipboardData.files];
    if (!files.length || isText(clipboardData)) return;
    event.preventDefault();
    this.part.use((tray) => tray.take(this, files));
  }
}
