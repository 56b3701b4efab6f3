"""What a file is, by what is in it: its name and whatever its sender says of it count for nothing."""

import codecs

import puremagic

from chat.media import gif, jpeg, png, webp
from chat.policy.files import BYTES, told_type

HEAD_BYTES = 65_536
# Enough for the signatures puremagic knows.
MAGIC_BYTES = 4_096

ARCHIVE = b"PK\x03\x04"
# Archives that are documents begin with one of these files.
DOCUMENTS = (b"[Content_Types].xml", b"_rels/.rels", b"mimetypeapplication/")
JPEG, PNG, GIF, WEBP = "image/jpeg", "image/png", "image/gif", "image/webp"


def sniff(head: bytes) -> str:
    """Of a file's first bytes. Those four are then held to it; anything that a browser could run is just bytes."""
    if head.startswith(jpeg.SIGNATURE):
        return JPEG
    if head.startswith(png.SIGNATURE):
        return PNG
    if head.startswith(gif.SIGNATURES):
        return GIF
    if webp.is_webp(head):
        return WEBP
    if _is_text(head):
        # What begins like markup or a program is not for reading.
        return BYTES if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:2].startswith((b"<", b"#!", b"%!")) else "text/plain"
    if head.startswith(ARCHIVE) and not any(each in head[:MAGIC_BYTES] for each in DOCUMENTS):
        return "application/zip"
    return told_type(_magic(head[:MAGIC_BYTES]))


def _magic(head: bytes) -> str:
    try:
        return puremagic.from_string(head, mime=True).lower()
    except (puremagic.PureError, ValueError):
        return BYTES


def _is_text(head: bytes) -> bool:
    """UTF-8 without control characters that texts do not have. The last character may be cut off."""
    if head.startswith(b"%PDF-") or any(byte < 9 or 13 < byte < 32 for byte in head[:MAGIC_BYTES]):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True
