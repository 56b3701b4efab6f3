"""A complete file before anyone can fetch it: what it is, whether it is what it seems, and what is left out of it.

Pictures of the four formats browsers show are written anew, container by container, without places and other data
about their making (jpeg.py, png.py, webp.py, gif.py). No pixel is decoded here: that is for a process of its own, with
limits (thumbnail.py). All of it blocks; in a thread.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from chat.media import gif, jpeg, png, polyglot, svg, webp
from chat.media.exif import ORIENTATION
from chat.media.refused import RefusedFile
from chat.media.sniff import GIF, HEAD_BYTES, JPEG, PNG, WEBP, sniff
from chat.policy.files import BYTES

REWRITE = {JPEG: jpeg.rewrite, PNG: png.rewrite, GIF: gif.rewrite, WEBP: webp.rewrite}
FORMATS = {JPEG: "JPEG", PNG: "PNG", GIF: "GIF", WEBP: "WEBP"}


@dataclass(frozen=True, slots=True)
class Found:
    """`is_clean_copy`: what is to be kept was written to `clean`. Sizes in pixels, of a picture."""

    type: str
    is_clean_copy: bool = False
    width: int | None = None
    height: int | None = None


def examine(path: Path, clean: Path, max_pixels: int) -> Found:
    """Raises RefusedFile, OSError."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        kind = sniff(head)
        if kind in REWRITE:
            return _picture(file, kind, clean, max_pixels)
        if kind in (BYTES, "text/plain") and svg.is_svg(head):
            svg.check(file)
            return Found(BYTES)
    return Found(kind)


def _picture(file: BinaryIO, kind: str, clean: Path, max_pixels: int) -> Found:
    file.seek(0)
    with clean.open("w+b") as out:
        REWRITE[kind](file, out)
        polyglot.refuse(file, file.tell())
        out.seek(0)
        width, height = _size(out, kind)
    if width * height > max_pixels:
        raise RefusedFile("The picture has too many pixels.")
    return Found(kind, True, width, height)


def _size(file: BinaryIO, kind: str) -> tuple[int, int]:
    """As it is shown, turned the right way up. Reads the head only."""
    try:
        with Image.open(file, formats=[FORMATS[kind]]) as image:
            width, height = image.size
            return (height, width) if image.getexif().get(ORIENTATION, 1) >= 5 else (width, height)
    except Image.DecompressionBombError:
        raise RefusedFile("The picture has too many pixels.") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError):
        raise RefusedFile("The picture is broken.") from None
