// A picture as large as the window, with those before and after it. Arrow keys or a swipe turn pages, Enter or a press
// shows its actual size, Escape leaves; the focus goes back to the picture that was looked at.

import { gettext, interpolate } from "../words.js";
import { h, svg } from "./dom.js";

const ICONS = { back: "M15 5l-7 7 7 7", forth: "M9 5l7 7-7 7", close: "M6 6l12 12M18 6L6 18", download: "M12 4v11M7 11l5 5 5-5M5 20h14", zoom: "M10.5 4.5a6 6 0 1 0 .01 0M15 15l5 5M8 10.5h5M10.5 8v5" };
const SWIPE_PX = 60;
const GONE = gettext("This file is not available any more.");
const LATER = gettext("This picture cannot be loaded just now.");

const button = (label, path, onclick, more) => h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...more }, svg("0 0 24 24", path));

export class Lightbox {
  // `onDownload(file)`.
  constructor({ media, onDownload }) {
    Object.assign(this, { media, pictures: [], at: 0 });
    this.name = h("bdi", { class: "lightbox-name" });
    this.place = h("span", { class: "lightbox-place" });
    this.picture = h("img", { class: "lightbox-picture", draggable: "false" });
    this.note = h("p", { class: "lightbox-note", role: "status" });
    this.zoom = button(gettext("Actual size"), ICONS.zoom, () => this.#zoom(), { "aria-pressed": "false" });
    this.back = button(gettext("Previous picture"), ICONS.back, () => this.#go(-1), { "data-side": "back" });
    this.forth = button(gettext("Next picture"), ICONS.forth, () => this.#go(1), { "data-side": "forth" });
    const save = button(gettext("Download"), ICONS.download, () => onDownload(this.file));
    const close = button(gettext("Close"), ICONS.close, () => this.dialog.close());
    const head = h("header", { class: "lightbox-head" }, h("p", { class: "lightbox-title" }, this.name, this.place), this.zoom, save, close);
    this.stage = h("div", { class: "lightbox-stage", tabindex: "-1" }, this.picture, this.note);
    this.dialog = h("dialog", { class: "lightbox", "aria-label": gettext("Pictures") }, head, this.stage, this.back, this.forth);
    document.body.append(this.dialog);
    this.#listen();
  }

  #listen() {
    this.dialog.addEventListener("keydown", (event) => this.#key(event));
    this.dialog.addEventListener("close", () => this.#closed());
    this.picture.addEventListener("click", () => this.#zoom());
    this.picture.addEventListener("load", () => this.#loaded());
    this.picture.addEventListener("error", () => this.#failed());
    this.stage.addEventListener("click", ({ target }) => target === this.stage && !this.isSwiping && this.dialog.close());
    this.stage.addEventListener("pointerdown", ({ clientX }) => Object.assign(this, { fromX: clientX, isSwiping: false }));
    this.stage.addEventListener("pointerup", ({ clientX, pointerType }) => pointerType !== "mouse" && this.#swiped(clientX - this.fromX));
  }

  // `pictures`: {file, entry}…, `id`: of the one to begin with.
  open(pictures, id) {
    this.pictures = pictures;
    this.at = Math.max(0, pictures.findIndex(({ file }) => file.id === id));
    this.dialog.showModal();
    this.#show();
  }

  get file() {
    return this.pictures[this.at].file;
  }

  async #show() {
    const { file, at, pictures } = this;
    this.#setZoom(false);
    this.name.textContent = file.name;
    this.place.textContent = pictures.length > 1 ? interpolate(gettext("%(at)s of %(count)s"), { at: at + 1, count: pictures.length }) : "";
    for (const [side, isThere] of [[this.back, at > 0], [this.forth, at < pictures.length - 1]]) this.#allow(side, isThere);
    Object.assign(this.picture, { alt: file.name, hidden: true });
    this.note.textContent = gettext("Loading…");
    this.dialog.dataset.state = "loading";
    const { url, thumbnail_url: small, problem } = await this.media.info(file.id);
    if (file !== this.file || !this.dialog.open) return;
    if (problem) this.#say(problem.code === "NOT_FOUND" ? GONE : LATER);
    else this.#source(url, small);
  }

  // Where a browser cannot show the original, what stands for it.
  #source(url, small) {
    this.small = small;
    this.picture.hidden = false;
    this.picture.src = url;
  }

  #failed() {
    const { small } = this;
    this.small = null;
    if (small) this.picture.src = small;
    else this.#say(LATER);
  }

  #loaded() {
    this.note.textContent = "";
    this.dialog.dataset.state = "shown";
  }

  #say(text) {
    this.picture.hidden = true;
    this.note.textContent = text;
    this.dialog.dataset.state = "missing";
  }

  // The focus does not stay on what cannot be pressed.
  #allow(side, isThere) {
    if (!isThere && document.activeElement === side) this.stage.focus();
    side.hidden = !isThere;
  }

  #go(step) {
    const next = this.at + step;
    if (next < 0 || next >= this.pictures.length) return;
    this.at = next;
    this.#show();
  }

  #swiped(by) {
    if (this.isZoomed || Math.abs(by) < SWIPE_PX) return;
    this.isSwiping = true;
    const isForward = by < 0 === (getComputedStyle(this.dialog).direction === "ltr");
    this.#go(isForward ? 1 : -1);
  }

  #key(event) {
    const forward = getComputedStyle(this.dialog).direction === "ltr" ? 1 : -1;
    const step = { ArrowRight: forward, ArrowLeft: -forward }[event.key];
    const isElsewhere = event.target.closest("button");
    // In actual size the arrows look around.
    if (step && !this.isZoomed) this.#go(step);
    else if (event.key === "Enter" && !isElsewhere) this.#zoom();
    else return;
    event.preventDefault();
  }

  #zoom() {
    if (!this.isSwiping) this.#setZoom(!this.isZoomed);
    this.isSwiping = false;
  }

  #setZoom(isZoomed) {
    this.isZoomed = isZoomed;
    this.dialog.classList.toggle("zoomed", isZoomed);
    this.zoom.setAttribute("aria-pressed", isZoomed);
    this.stage.tabIndex = isZoomed ? 0 : -1;
    if (!isZoomed) return;
    this.stage.focus();
    this.stage.scrollTo((this.stage.scrollWidth - this.stage.clientWidth) / 2, (this.stage.scrollHeight - this.stage.clientHeight) / 2);
  }

  // Back to the picture that was looked at, if it is drawn.
  #closed() {
    this.picture.removeAttribute("src");
    document.querySelector(`#thread [data-picture="${CSS.escape(this.file.id)}"]`)?.focus({ preventScroll: false });
  }
}
