// Text into the clipboard. A page that came over plain http from another machine has none, but may still press "copy".

import { gettext } from "../words.js";

function press(text) {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  const before = document.activeElement;
  field.select();
  const isDone = document.execCommand("copy");
  field.remove();
  before?.focus();
  return isDone;
}

// Whether it is there.
async function put(text) {
  if (!navigator.clipboard) return press(text);
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (error) {
    if (error.name !== "NotAllowedError") throw error;
    return press(text);
  }
}

// What to say of it.
export const copy = async (text) => ((await put(text)) ? gettext("Copied.") : gettext("This browser does not let the text be copied."));
