// The files of a draft, above the field: each can be taken out again.

import { gettext, interpolate, isolated, ngettext } from "../words.js";
import { isPicture, size } from "../kinds.js";
import { byId, h, svg } from "./dom.js";
import { fileIcon } from "./files.js";
import { Rows } from "./rows.js";

const CROSS = "M7 7l10 10M17 7L7 17";

const picture = ({ id, name }) => h("span", { class: "picture", "data-local": id, role: "img", "aria-label": name }, h("img", { alt: "", hidden: true }));

const told = (name, note) => h("span", { class: "tray-text" }, h("bdi", { class: "file-name" }, name), h("span", { class: "file-size" }, note));

export class TrayList {
  // `fill(list)`: the pictures in it (files.js).
  constructor({ fill }) {
    Object.assign(this, { fill, count: 0 });
    this.box = byId("tray");
    this.list = h("ul", { class: "tray-list" });
    this.said = h("p", { class: "visually-hidden", role: "status" });
    this.box.replaceChildren(this.list, this.said);
    this.rows = new Rows(this.list);
  }

  // `reading`: those that are not stored yet. `onRemove(file)`.
  draw(files, reading, onRemove) {
    this.onRemove = onRemove;
    const isFocused = this.list.contains(document.activeElement);
    this.rows.draw([...files.map((file) => this.#row(file)), ...reading.map((file, at) => this.#unread(file, at))]);
    this.box.hidden = !files.length && !reading.length;
    if (this.box.hidden && isFocused) byId("body").focus();
    this.fill(this.list);
    if (files.length > this.count) this.list.lastElementChild.scrollIntoView({ block: "nearest", inline: "end" });
    if (files.length !== this.count) this.#say(files.length);
    this.count = files.length;
  }

  #say(count) {
    this.said.textContent = count ? interpolate(ngettext("%(count)s file attached", "%(count)s files attached", count), { count }) : gettext("No file attached");
  }

  #row(file) {
    const label = interpolate(gettext("Remove %(name)s"), { name: isolated(file.name) });
    const remove = () => this.onRemove(file);
    const button = () => h("button", { type: "button", class: "tray-remove", "aria-label": label, title: gettext("Remove"), onclick: remove }, svg("0 0 24 24", CROSS));
    const make = () => h("li", { class: isPicture(file) ? "tray-picture" : "tray-file" }, isPicture(file) ? picture(file) : fileIcon(file), told(file.name, size(file.size)), button());
    return { id: file.id, make };
  }

  #unread(file, at) {
    const make = () => h("li", { class: "tray-file reading", "aria-busy": "true" }, fileIcon(file), told(file.name, gettext("Reading…")));
    return { id: `reading ${at} ${file.name}`, make };
  }
}
