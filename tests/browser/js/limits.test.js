import { summary, wordsOf } from "/static/js/attachment.js";
import { kindOf, picturesOf } from "/static/js/kinds.js";
import { admit, fitName } from "/static/js/picks.js";
import { boxOf, gridOf } from "/static/js/views/files.js";
import { equal, test } from "./harness.js";

const LIMITS = { max_attachments: 3, max_attachment_bytes: 100 };
const sized = (...sizes) => sizes.map((size) => ({ size }));
const sizes = ({ taken, large, isFull }) => [taken.map(({ size }) => size), large.map(({ size }) => size), isFull];

test("as many as there is room for, none that is too large, and both are said", () => {
  equal(sizes(admit(0, sized(1, 100), LIMITS)), [[1, 100], [], false]);
  equal(sizes(admit(0, sized(101, 2, 3, 4, 5), LIMITS)), [[2, 3, 4], [101], true]);
  equal(sizes(admit(3, sized(1), LIMITS)), [[], [], true]);
  equal(sizes(admit(3, sized(101), LIMITS)), [[], [101], false]);
  equal(admit(0, sized(0, 1), LIMITS), { taken: sized(1), large: [], empty: sized(0), isFull: false });
});

test("a long name keeps its ending, and none is empty", () => {
  equal([fitName("a.jpg"), fitName("  "), fitName("😀".repeat(255))], ["a.jpg", "file", "😀".repeat(255)]);
  equal(fitName(`${"x".repeat(300)}.jpeg`), `${"x".repeat(250)}.jpeg`);
  equal(fitName("y".repeat(300)).length, 255);
});

test("no place of a grid stays empty", () => {
  for (let count = 1; count <= 10; count += 1) {
    const { columns, first } = gridOf(count);
    equal([(count - 1 + first) % columns, first <= columns], [0, true], count);
  }
});

test("a picture has its shape within the box, and a place to press", () => {
  equal(boxOf({ width: 4000, height: 3000 }).width, 320);
  equal(boxOf({ width: 3000, height: 4000 }), { ratio: 0.75, width: 255 });
  equal(boxOf({ width: 16, height: 16 }), { ratio: 1, width: 120 });
  equal(boxOf({ width: 10000, height: 10 }).ratio, 3);
  equal(boxOf({ width: 10, height: 10000 }), { ratio: 0.45, width: 120 });
});

const photo = { id: "p", name: "a.jpg", type: "image/jpeg", width: 2, height: 2, thumbnail: true };
const sheet = { id: "s", name: "sums.pdf", type: "application/pdf" };

test("what a message with files is called", () => {
  equal([[photo], [photo, photo, photo], [sheet], [photo, sheet]].map(summary), ["Photo", "3 photos", "sums.pdf", "2 files"]);
  equal([{ body: "so", attachments: [photo] }, { body: "", attachments: [photo] }, { body: "", files: [sheet] }, { body: "" }].map(wordsOf), ["so", "Photo", "sums.pdf", ""]);
});

test("kinds of files by their type", () => {
  const types = ["image/png", "audio/ogg", "video/mp4", "application/zip", "application/pdf", "application/octet-stream", undefined];
  equal(types.map((type) => kindOf({ type })), ["image", "audio", "video", "archive", "document", "file", "file"]);
});

test("pictures of a thread: those that can be shown, in order", () => {
  const withheld = { ...photo, id: "w", withheld: true, width: undefined };
  const entries = [{ attachments: [photo, sheet] }, {}, { deleted: true, attachments: [photo] }, { attachments: [withheld, { ...photo, id: "q" }, { ...photo, thumbnail: undefined, width: undefined }] }];
  equal(picturesOf(entries).map(({ file }) => file.id), ["p", "q"]);
});
