"""Pictures that are something else as well: a program that looks for the other thing would find it.

What stands after a picture's end, and comments within it, do not get into what is served (jpeg.py, png.py, …). Where
there is something of another format in these places nobody put it there by mistake, and the file is refused.
"""

import re
import zipfile
from typing import BinaryIO

from chat.media.reading import BLOCK
from chat.media.refused import RefusedFile

# At the picture's beginning, where readers of other formats look for theirs; and anywhere after its end.
HEAD_BYTES = 4_096
FOREIGN = re.compile(
    rb"PK\x03\x04[\x0a-\x3f]\x00|PK\x05\x06\x00\x00|%PDF-[12]|Rar!\x1a\x07|7z\xbc\xaf\x27\x1c|\x7fELF[\x01\x02]{2}\x01|<\?php"
    rb"|<!doctype|<html|<head[\s>]|<body|<script|<svg[\s>]|<iframe|javascript:",
    re.IGNORECASE,
)
OVERLAP = 16


def refuse(file: BinaryIO, end: int) -> None:
    """`end`: where the picture does. Raises RefusedFile."""
    file.seek(0)
    if FOREIGN.search(file.read(min(HEAD_BYTES, end))):
        raise RefusedFile("It is a picture and something else as well.")
    file.seek(end)
    held = b""
    while piece := file.read(BLOCK):
        held += piece
        if FOREIGN.search(held):
            raise RefusedFile("It is a picture and something else as well.")
        held = held[-OVERLAP:]
    if zipfile.is_zipfile(file):
        raise RefusedFile("It is a picture and an archive as well.")
