// The seam between chats and their files: what brings them up, shows them and takes them in comes when it is first
// needed. What cannot be loaded is tried again by whoever needs it next.

import { Lazy } from "./lazy.js";
import { FILES } from "./parts.js";

const part = (files, make) => new Lazy({ files, make, say: () => {} });

export const filesOfChats = (sync) => ({
  shown: part(FILES.shown, ({ makeShown }) => makeShown(sync)),
  tray: part(FILES.tray, ({ makeTray }) => makeTray(sync)),
  uploads: part(FILES.uploads, ({ makeUploads }) => makeUploads(sync)),
});
