// The files that go with what is being written: picked, pasted, or dropped onto the thread. What stores and shows them
// (picks.js, tray.js) is loaded with the first.

import { gettext } from "../words.js";
import { byId } from "./dom.js";

const carriesFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files");

// Of a table from an office program the text is meant, not the picture of it that comes along.
const isText = ({ types }) => types.includes("text/plain") && types.includes("text/html");

export class TrayControl {
  // `onChange()`: the files of the draft that is shown; `onDraft(draft)`: of one that is not in the field just now.
  constructor({ drafts, files, say, onChange, onDraft }) {
    Object.assign(this, { drafts, store: files, say, onChange, onDraft, conv: null, files: [], reading: new Map() });
    const [field, pane] = [byId("files"), byId("thread-pane")];
    byId("attach").addEventListener("click", () => field.click());
    field.addEventListener("change", () => {
      this.#take([...field.files]);
      field.value = "";
    });
    pane.addEventListener("paste", (event) => this.#pasted(event));
    pane.addEventListener("dragenter", (event) => this.#dragged(event));
    byId("drop").addEventListener("dragleave", () => (byId("drop").hidden = true));
    for (const name of ["dragover", "drop"]) addEventListener(name, (event) => carriesFiles(event) && this.#over(event));
  }

  // `canTake`: nothing else is in the field.
  show(conv, files, canTake) {
    Object.assign(this, { conv, files, canTake });
    this.#draw();
  }

  // Some are still being read.
  get isBusy() {
    return this.#unread.length > 0;
  }

  // Once they are.
  settled(then) {
    this.then = then;
  }

  get #unread() {
    return this.reading.get(this.conv) ?? [];
  }

  #pasted(event) {
    const { clipboardData } = event;
    if (!clipboardData.files.length || isText(clipboardData)) return;
    event.preventDefault();
    this.#take([...clipboardData.files]);
  }

  #dragged(event) {
    if (!carriesFiles(event) || byId("composer").hidden) return;
    // How the zone looks comes with it.
    this.store.tray.get();
    byId("drop").hidden = false;
  }

  // Beside the thread nothing takes it; left to itself the browser would leave the page for the file.
  #over(event) {
    const isInside = byId("drop").contains(event.target);
    event.preventDefault();
    event.dataTransfer.dropEffect = isInside ? "copy" : "none";
    if (event.type !== "drop") return;
    byId("drop").hidden = true;
    if (isInside) this.#take([...event.dataTransfer.files]);
  }

  async #take(picked) {
    const { conv } = this;
    if (!picked.length) return;
    if (!this.canTake) return this.say(gettext("Finish editing before you attach files."));
    const picks = await this.store.picks.get();
    if (!picks) return this.say(gettext("You are offline: this needs the connection."));
    const count = this.#filesOf(conv).length + (this.reading.get(conv)?.length ?? 0);
    await picks.add(count, picked, { onTaken: (files) => this.#read(conv, files), onStored: (file) => this.#stored(conv, file), say: this.say });
  }

  #filesOf(conv) {
    return conv === this.conv && this.canTake ? this.files : (this.drafts.get(conv).files ?? []);
  }

  #read(conv, files) {
    this.reading.set(conv, [...(this.reading.get(conv) ?? []), ...files]);
    this.#changed(conv);
  }

  // Undefined: it could not be.
  #stored(conv, file) {
    const [, ...rest] = this.reading.get(conv);
    this.reading.set(conv, rest);
    const files = [...this.#filesOf(conv), ...(file ? [file] : [])];
    if (conv === this.conv && this.canTake) this.files = files;
    else this.#put({ ...this.drafts.get(conv), files });
    this.#changed(conv);
  }

  #put(draft) {
    this.drafts.set(draft);
    this.onDraft(draft);
  }

  #changed(conv) {
    if (conv !== this.conv || !this.canTake) return;
    this.#draw();
    this.onChange();
    if (this.isBusy || !this.then) return;
    const { then } = this;
    this.then = null;
    then();
  }

  async #remove(file) {
    this.files = this.files.filter(({ id }) => id !== file.id);
    this.#draw();
    this.onChange();
    await (await this.store.picks.get())?.remove(file.id);
  }

  async #draw() {
    const isEmpty = !this.canTake || !(this.files.length || this.isBusy);
    if (isEmpty) byId("tray").hidden = true;
    const { tray } = this.store;
    const view = isEmpty ? tray.part : (tray.part ?? (await tray.get()));
    view?.draw(this.canTake ? this.files : [], this.#unread, (file) => this.#remove(file));
  }
}
