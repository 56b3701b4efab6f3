"""What a file is found to be: pictures without their makers' data, and everything that is not what it seems refused."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from PIL import Image

from chat.media.examine import Found, examine
from chat.media.refused import RefusedFile
from chat.policy.files import BYTES
from tests.chat.media.pictures import GPS, ORIENTATION, picture, pixels

KINDS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
TELLING = (b"GPS", b"Alice", b"xpacket", b"Camera", b"street", b"52,31N")
MOST = 1_000_000


@pytest.fixture
def look(tmp_path: Path):  # type: ignore[no-untyped-def]
    def look(content: bytes) -> tuple[Found, bytes]:
        (tmp_path / "file").write_bytes(content)
        found = examine(tmp_path / "file", tmp_path / "clean", MOST)
        return found, (tmp_path / "clean").read_bytes() if found.is_clean_copy else content

    return look


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"lossless": True}])
def test_pixels_stay_and_places_go(look, kind: str, options: dict[str, bool]) -> None:  # type: ignore[no-untyped-def]
    content = picture(kind, **options)
    assert any(word in content for word in TELLING)
    found, clean = look(content)
    assert (found.type, found.width, found.height) == (KINDS[kind], 40, 30)
    assert pixels(clean) == pixels(content)
    assert not any(word in clean for word in TELLING)
    with Image.open(io.BytesIO(clean)) as image:
        assert dict(image.getexif()) == {} and not image.info.get("xmp")
    # What is clean stays as it is.
    assert look(clean)[1] == clean


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("turned", range(2, 9))
def test_which_way_up_it_is_stays(look, kind: str, turned: int) -> None:  # type: ignore[no-untyped-def]
    found, clean = look(picture(kind, turned=turned))
    with Image.open(io.BytesIO(clean)) as image:
        assert dict(image.getexif()) == {ORIENTATION: turned}
        assert not image.getexif().get_ifd(GPS)
    assert (found.width, found.height) == ((30, 40) if turned >= 5 else (40, 30))


def test_colours_stay(look) -> None:  # type: ignore[no-untyped-def]
    profile = b"a colour profile, as far as Pillow cares" * 4_000
    for kind in ("JPEG", "PNG", "WEBP"):
        _, clean = look(picture(kind, icc_profile=profile))
        with Image.open(io.BytesIO(clean)) as image:
            assert image.info["icc_profile"] == profile


def test_animations_stay(look) -> None:  # type: ignore[no-untyped-def]
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    for kind in ("GIF", "PNG", "WEBP"):
        out = io.BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:], loop=0, duration=50)
        _, clean = look(out.getvalue())
        with Image.open(io.BytesIO(clean)) as image:
            assert (image.n_frames, image.info["loop"]) == (3, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_what_stands_behind_the_picture_goes(look, kind: str) -> None:  # type: ignore[no-untyped-def]
    content = picture(kind)
    _, clean = look(content + b"the rest of a phone's film" * 100)
    assert clean == look(content)[1]


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("evil.class", "x")
    return out.getvalue()


PAGES = [b"<script>alert(1)</script>", b"\n<HTML>", b"<?php x", b"<svg x"]
FOREIGN = [archive(), b"%PDF-1.7 ...", b"Rar!\x1a\x07\0", *PAGES]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("foreign", FOREIGN)
def test_a_picture_that_is_something_else_too(look, kind: str, foreign: bytes) -> None:  # type: ignore[no-untyped-def]
    for between in (b"", b"x" * (1 << 20)):
        with pytest.raises(RefusedFile):
            look(picture(kind) + between + foreign)


def test_a_gif_that_is_a_program(look) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RefusedFile):
        look(picture("GIF", comment=b"*/=1;</title><script src=x></script>"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_ends_too_early_or_is_broken(look, kind: str) -> None:  # type: ignore[no-untyped-def]
    content = picture(kind)
    for size in (12, 40, len(content) // 2, len(content) - 3):
        with pytest.raises(RefusedFile):
            look(content[:size])


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def test_a_bomb(look) -> None:  # type: ignore[no-untyped-def]
    """A few kilobytes that would be gigabytes of pixels."""
    width = height = 30_000
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1_000_000))
    with pytest.raises(RefusedFile, match="pixels"):
        look(bomb + chunk(b"IEND", b""))
    with pytest.raises(RefusedFile, match="pixels"):
        look(picture("JPEG", (1_001, 1_000)))


def test_a_png_whose_checksum_is_wrong(look) -> None:  # type: ignore[no-untyped-def]
    content = bytearray(picture("PNG"))
    content[content.index(b"IDAT") + 10] ^= 1
    with pytest.raises(RefusedFile, match="broken"):
        look(bytes(content))


PLAIN_SVG = b"""<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">
<style>.a{fill:url(#g)}</style><linearGradient id="g"/><use xlink:href="#g"/><circle class="a" r="4"/></svg>"""


def test_a_plain_drawing_is_just_bytes(look) -> None:  # type: ignore[no-untyped-def]
    assert look(PLAIN_SVG) == (Found(BYTES), PLAIN_SVG)


@pytest.mark.parametrize(
    "inner",
    [
        b"<script>alert(1)</script>",
        b"<s:script xmlns:s='http://www.w3.org/2000/svg'/>",
        b"<g onload='alert(1)'/>",
        b"<a href='javascript:alert(1)'/>",
        b"<a href='&#106;avascript:alert(1)'/>",
        b"<image href='https://evil.example/x.png'/>",
        b"<foreignObject/>",
        b"<style>@import 'https://evil.example/x.css';</style>",
        b"<rect fill='url(https://evil.example/#x)'/>",
        b"<style>.a{fill:u\\72l(x)}</style>",
        b"<animate attributeName='href' values='x'/>",
        b"<?xml-stylesheet href='x'?>",
        b"<broken>",
    ],
)
def test_a_drawing_that_does_something(look, inner: bytes) -> None:  # type: ignore[no-untyped-def]
    for encode in (lambda text: text, lambda text: text.decode().encode("utf-16")):
        with pytest.raises(RefusedFile):
            look(encode(b'<svg xmlns="http://www.w3.org/2000/svg">' + inner + b"</svg>"))


def test_a_drawing_that_expands(look) -> None:  # type: ignore[no-untyped-def]
    laughs = b'<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><svg>&b;</svg>'
    with pytest.raises(RefusedFile):
        look(laughs)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"Hello, said Alice.\n", "text/plain"),
        (b"<html><body>hi</body></html>", BYTES),
        (b"  <?xml version='1.0'?><a/>", BYTES),
        (b"#!/bin/sh\nrm -rf /\n", BYTES),
        (b"MZ\x90\0" + b"\0" * 60, BYTES),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "application/pdf"),
        (b"\0\1\2 nothing known", BYTES),
        (archive(), "application/zip"),
        (b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\x64" * 20, "audio/mpeg"),
    ],
)
def test_what_it_is_is_found_in_it(look, content: bytes, kind: str) -> None:  # type: ignore[no-untyped-def]
    found, kept = look(content)
    assert (found.type, kept) == (kind, content)
