// A picture for a group: the middle of one that somebody chose, so small that it goes up at once.

import { said } from "./lazy.js";
import { create, fetchAttachment, send } from "./tus.js";
import { gettext } from "./words.js";

const SIDE = 512;
const QUALITY = 0.88;
const UNREADABLE = gettext("This picture cannot be read.");
const OFFLINE = gettext("You are offline: this needs the connection.");

// A JPEG, on white where it was transparent. Throws for what is no picture.
async function square(file) {
  const picture = await createImageBitmap(file);
  const side = Math.min(picture.width, picture.height);
  const small = Math.min(SIDE, side);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = small;
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, small, small);
  context.drawImage(picture, (picture.width - side) / 2, (picture.height - side) / 2, side, side, 0, 0, small, small);
  picture.close();
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", QUALITY));
}

// {id} of an attachment of the server's, or {problem: {title}}. The same `clientId` is the same upload.
export async function upload(file, clientId) {
  let blob;
  try {
    blob = await square(file);
  } catch {
    return { problem: { title: UNREADABLE } };
  }
  try {
    const { url, offset } = await create({ id: clientId, name: "group.jpg", size: blob.size });
    await send(url, offset, new Uint8Array(await blob.slice(offset).arrayBuffer()));
    return await fetchAttachment(url);
  } catch ({ status, title }) {
    return { problem: { title: status ? await said(title) : OFFLINE } };
  }
}
