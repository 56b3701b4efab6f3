"""Files as people have them, and ways to hand them to the page."""

import io
from collections.abc import Sequence
from typing import Any, TypedDict

from PIL import Image
from playwright.sync_api import Locator, expect

from tests.browser.person import Person

HAND_OVER = """
(files) => {
  const transfer = new DataTransfer();
  for (const { name, type, bytes } of files) transfer.items.add(new File([new Uint8Array(bytes)], name, { type }));
  return transfer;
}
"""
PASTE = f"""
(field, files) => {{
  const clipboardData = ({HAND_OVER})(files);
  field.dispatchEvent(new ClipboardEvent("paste", {{ clipboardData, bubbles: true, cancelable: true }}));
}}
"""
DRAG = f"""
(target, [kind, files]) => {{
  const dataTransfer = ({HAND_OVER})(files);
  target.dispatchEvent(new DragEvent(kind, {{ dataTransfer, bubbles: true, cancelable: true }}));
}}
"""


class Payload(TypedDict):
    """As Playwright's set_input_files has it."""

    name: str
    mimeType: str
    buffer: bytes


def photo(name: str, size: tuple[int, int] = (640, 480), colour: str = "#3a7d5c", noise: int = 0) -> Payload:
    """`noise`: so many bytes at least, since plain colours weigh nothing."""
    picture = Image.new("RGB", size, colour)
    if noise:
        side = int((noise / 3) ** 0.5) + 1
        picture = Image.effect_noise((side, side), 80).convert("RGB")
    data = io.BytesIO()
    picture.save(data, "PNG" if name.endswith(".png") else "JPEG", quality=100)
    kind = "image/png" if name.endswith(".png") else "image/jpeg"
    return {"name": name, "mimeType": kind, "buffer": data.getvalue()}


def document(name: str = "minutes.txt", content: bytes = b"We met.\n", kind: str = "text/plain") -> Payload:
    return {"name": name, "mimeType": kind, "buffer": content}


def _told(files: Sequence[Payload]) -> list[dict[str, Any]]:
    return [{"name": each["name"], "type": each["mimeType"], "bytes": list(each["buffer"])} for each in files]


def pick(person: Person, *files: Payload) -> None:
    with person.page.expect_file_chooser() as chooser:
        person.page.get_by_role("button", name="Attach files").click()
    chooser.value.set_files(list(files))


def paste(person: Person, *files: Payload) -> None:
    person.page.locator("#body").evaluate(PASTE, _told(files))


def drag(person: Person, kind: str, target: Locator, *files: Payload) -> None:
    """ "dragenter", "dragover", "drop" or "dragleave"."""
    target.evaluate(DRAG, [kind, _told(files)])


def drop(person: Person, *files: Payload) -> None:
    drag(person, "dragenter", person.page.locator("#thread"), *files)
    zone = person.page.get_by_text("Drop files here to attach them")
    expect(zone).to_be_visible()
    drag(person, "dragover", person.page.locator("#drop"), *files)
    drag(person, "drop", person.page.locator("#drop"), *files)
    expect(zone).to_be_hidden()


def tray(person: Person) -> Locator:
    """The files of the draft."""
    return person.page.get_by_role("group", name="Attachments").get_by_role("listitem")


def expect_tray(person: Person, *names: str) -> None:
    expect(tray(person).locator(".file-name")).to_have_text(list(names))
    expect(tray(person).and_(person.page.locator(".reading"))).to_have_count(0)


def remove(person: Person, name: str) -> None:
    person.page.get_by_role("button", name=f"Remove \u2068{name}\u2069").click()
