// Takes files into drafts, one after the other: while some are being read a draft is not sent. `control` is everywhere
// the one of the composer (tray_control.js).

import { Blobs } from "./blobs.js";
import { Picks } from "./picks.js";
import { byId } from "./views/dom.js";
import { DropZone } from "./views/drop_zone.js";
import { TrayList } from "./views/tray_list.js";
import { gettext } from "./words.js";

export class Tray {
  // `fill(list)`: the pictures in it.
  constructor({ picks, fill }) {
    this.picks = picks;
    this.list = new TrayList({ fill });
    // By conversation: what is being read.
    this.reading = new Map();
  }

  isBusy(conv) {
    return this.#readingOf(conv).length > 0;
  }

  // By the button.
  pick(control) {
    const field = byId("files");
    field.onchange = () => {
      this.take(control, [...field.files]);
      field.value = "";
    };
    field.click();
  }

  drag(control, event) {
    this.zone ??= new DropZone({ onDrop: (files) => this.take(control, files) });
    this.zone.enter(event);
  }

  draw(control) {
    const { conv, files, canTake } = control;
    this.list.draw(canTake ? files : [], canTake ? this.#readingOf(conv) : [], (file) => this.#remove(control, file));
  }

  async take(control, picked) {
    const { conv, canTake } = control;
    if (!canTake) {
      control.say(gettext("Finish editing before you attach files."));
      return;
    }
    const count = this.#filesOf(control, conv).length + this.#readingOf(conv).length;
    await this.picks.add(count, picked, {
      onTaken: (files) => this.#read(control, conv, [...this.#readingOf(conv), ...files], this.#filesOf(control, conv)),
      onStored: (file) => this.#stored(control, conv, file),
      say: control.say,
    });
  }

  #readingOf(conv) {
    return this.reading.get(conv) ?? [];
  }

  #isShown({ conv: shown, canTake }, conv) {
    return conv === shown && canTake;
  }

  #filesOf(control, conv) {
    return this.#isShown(control, conv) ? control.files : (control.drafts.get(conv).files ?? []);
  }

  // Undefined: it could not be.
  #stored(control, conv, file) {
    const [, ...rest] = this.#readingOf(conv);
    this.#read(control, conv, rest, [...this.#filesOf(control, conv), ...(file ? [file] : [])]);
  }

  #read(control, conv, reading, files) {
    this.reading.set(conv, reading);
    if (this.#isShown(control, conv)) this.#put(control, files);
    else this.#keep(control, { ...control.drafts.get(conv), files });
  }

  #put(control, files) {
    control.put(files);
    if (control.isBusy || !this.then) return;
    const { then } = this;
    this.then = null;
    then();
  }

  #keep({ drafts, onDraft }, draft) {
    drafts.set(draft);
    onDraft(draft);
  }

  async #remove(control, file) {
    control.put(control.files.filter(({ id }) => id !== file.id));
    await this.picks.remove(file.id);
  }
}

// As the engine has them.
export function makeTray(sync) {
  const picks = new Picks({ sync, blobs: new Blobs(sync.database.handle) });
  return new Tray({ picks, fill: async (list) => (await sync.files.shown.get())?.fill(list) });
}
