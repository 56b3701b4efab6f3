// What may go with one message. Pure.

export const NAME_CHARS = 255;

// Of `files` those that may come to the `count` there are; `large`: those beyond a file's size; `empty`: those with
// nothing in them; `isFull`: there were more.
export function admit(count, files, { max_attachments: most, max_attachment_bytes: bytes }) {
  const large = files.filter(({ size }) => size > bytes);
  const empty = files.filter(({ size }) => size === 0);
  const fit = files.filter(({ size }) => size > 0 && size <= bytes);
  const room = Math.max(0, most - count);
  return { taken: fit.slice(0, room), large, empty, isFull: fit.length > room };
}

// As long as a name may be, with its ending; in code points, as the server counts.
export function fitName(name) {
  const letters = [...(name.trim() || "file")];
  if (letters.length <= NAME_CHARS) return letters.join("");
  const dot = letters.lastIndexOf(".");
  const ending = dot > 0 && letters.length - dot <= 16 ? letters.slice(dot) : [];
  return [...letters.slice(0, NAME_CHARS - ending.length), ...ending].join("");
}
