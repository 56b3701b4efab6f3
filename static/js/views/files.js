// What a message has besides its text: pictures in boxes of their size, before anything of them is here, and other files
// as rows. media.js fills the boxes.

import { filesOf, isLoaded, summary } from "../attachment.js";
import { Blobs } from "../blobs.js";
import { now } from "../clock.js";
import { isPicture, kindOf, size } from "../kinds.js";
import { Media } from "../media.js";
import { gettext, interpolate, isolated } from "../words.js";
import { h, svg } from "./dom.js";

const SHEET = "M7 3h7l5 5v12a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM14 3v5h5";
const ICONS = {
  image: ["M5 5h14a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zM4 16l4.5-4.5 4 4M12 15l3-3 5 5M9 8.5h.01"],
  audio: ["M9 17.5V6l10-2v11.5M9 17.5a2.3 2.3 0 1 1-4.6 0 2.3 2.3 0 1 1 4.6 0M19 15.5a2.3 2.3 0 1 1-4.6 0 2.3 2.3 0 1 1 4.6 0"],
  video: ["M5 6h9a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1zM15 10.5l5-3v9l-5-3"],
  archive: [SHEET, "M10 3v2M10 7v2M10 11v2"],
  document: [SHEET, "M9 12h6M9 16h6"],
  file: [SHEET],
};
const DOWNLOAD = "M12 4v11M7 11l5 5 5-5M5 20h14";

// A picture alone, as large as it may be, whatever shape it has.
const BOX = { width: 320, height: 340, least: 120, widest: 3, tallest: 0.45 };
const ROW_PX = 250;

const press = (attributes, ...children) => h("button", { type: "button", tabindex: "-1", ...attributes }, ...children);

// Rows of so many, and how many places the first takes, so that none stays empty.
export function gridOf(count) {
  const columns = count === 1 ? 1 : count <= 4 ? 2 : 3;
  return { columns, first: 1 + ((columns - (count % columns)) % columns) };
}

// Pixels, and width by height.
export function boxOf({ width, height }) {
  const ratio = Math.min(BOX.widest, Math.max(BOX.tallest, width / height));
  const fit = Math.min(width, BOX.width, BOX.height * ratio);
  return { ratio, width: Math.round(Math.max(fit, BOX.least)) };
}

// `open`: what a press does; without it there is nothing to press.
function picture(file, { id, open }) {
  const label = interpolate(gettext("Photo: %(name)s"), { name: file.name });
  const inside = [svg("0 0 24 24", ...ICONS.image), h("img", { alt: "", hidden: true, draggable: "false" }), h("span", { class: "gone" }, gettext("Not available any more"))];
  const attributes = { class: "picture", "data-name": file.name, title: file.name, ...id };
  return open ? press({ ...attributes, "aria-label": label, onclick: open }, ...inside) : h("span", { ...attributes, role: "img", "aria-label": label }, ...inside);
}

function alone({ file, box }) {
  const { ratio, width } = boxOf(file);
  Object.assign(box.style, { width: `${width}px`, aspectRatio: ratio });
  return h("div", { class: "pictures" }, box);
}

function many(pictures) {
  const { columns, first } = gridOf(pictures.length);
  const element = h("div", { class: "pictures many" }, ...pictures.map(({ box }) => box));
  element.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
  Object.assign(pictures[0].box.style, { gridColumn: `span ${first}`, aspectRatio: first });
  return element;
}

export const fileIcon = (file) => h("span", { class: "file-icon", "data-kind": kindOf(file) }, svg("0 0 24 24", ...ICONS[kindOf(file)]));

const fileText = ({ name, size: bytes }) => h("span", { class: "file-text" }, h("bdi", { class: "file-name" }, name), h("span", { class: "file-size" }, size(bytes)));

// "Load" for one that is only named so far, else "Download".
function row(file, act) {
  const label = interpolate(file.withheld ? gettext("Load %(name)s") : gettext("Download %(name)s"), { name: isolated(file.name) });
  const button = file.withheld
    ? press({ class: "load", "aria-label": label, onclick: act }, gettext("Load"))
    : press({ class: "icon-button", "aria-label": label, title: gettext("Download"), onclick: act }, svg("0 0 24 24", DOWNLOAD));
  return h("div", { class: "file-row" }, fileIcon(file), fileText(file), act && button);
}

// As wide as its pictures; a row needs some room.
function widthOf(pictures, rows) {
  const width = pictures.length > 1 ? BOX.width : boxOf(pictures[0].file).width;
  return rows.length ? Math.max(width, ROW_PX) : width;
}

// Undefined for a message without any. `actions`: of an entry; without them the files are still this device's.
export function filesView(id, message, actions) {
  const files = filesOf(message);
  if (!files.length) return undefined;
  const ids = (file) => (actions ? { "data-picture": file.id } : { "data-local": file.id, "data-picture": file.attachment?.id });
  const act = (what, file) => actions && (({ currentTarget }) => actions.file(what, message, file, currentTarget));
  const pictures = files.filter(isPicture).map((file) => ({ file, box: picture(file, { id: ids(file), open: act("view", file) }) }));
  const rows = files.filter((file) => !isPicture(file)).map((file) => row(file, act(file.withheld ? "load" : "download", file)));
  const shown = pictures.length === 1 ? alone(pictures[0]) : pictures.length > 1 && many(pictures);
  const element = h("div", { class: "files", id: `${id}-files`, role: "group", "aria-label": summary(files) }, shown, ...rows);
  if (shown) element.style.width = `${widthOf(pictures, rows)}px`;
  return element;
}

// How far the files of an unsent message are, while they are on their way.
export function progressView(item, actions) {
  const { files, state } = item;
  if (state !== "pending" || isLoaded(item)) return null;
  const cancel = () => actions.discard(item.client_id);
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const bar = h("progress", { max: total || 1, value: 0, "aria-label": gettext("Uploading") });
  return h("div", { class: "upload" }, bar, h("span", { class: "upload-said" }), h("button", { type: "button", tabindex: "-1", onclick: cancel }, gettext("Cancel")));
}

const sentOf = ({ files, sent }) => sent ?? files.reduce((sum, file) => sum + (file.attachment ? file.size : 0), 0);

export function freshenProgress(element, item) {
  const bar = element.querySelector(".upload progress");
  if (!bar) return;
  const sent = sentOf(item);
  bar.value = sent;
  element.querySelector(".upload-said").textContent = interpolate(gettext("%(sent)s of %(total)s"), { sent: size(sent), total: size(bar.max) });
}

// As the engine has them. `fill(list)`: the pictures that are drawn there.
export function makeShown({ database }) {
  const media = new Media({ blobs: new Blobs(database.handle), now });
  const fill = (list) => media.watch(list.querySelectorAll(".picture:not([data-watched])"));
  return { filesView, progressView, freshenProgress, media, fill };
}
