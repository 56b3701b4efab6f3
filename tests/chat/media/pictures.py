"""Pictures made for tests, with everything a phone writes into them."""

import io
from typing import Any

from PIL import Image, PngImagePlugin

GPS = 0x8825
ORIENTATION, MAKE = 0x0112, 0x010F
XMP = b'<?xpacket?><x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>52,31N</exif:GPSLatitude></x:xmpmeta>'


def exif(turned: int = 1) -> Image.Exif:
    """Of a camera that knows where it is."""
    found = Image.Exif()
    found[MAKE] = "Camera of Alice"
    found[ORIENTATION] = turned
    found[GPS] = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
    return found


def picture(kind: str, size: tuple[int, int] = (40, 30), turned: int = 1, **more: Any) -> bytes:
    out = io.BytesIO()
    image = Image.effect_noise(size, 60).convert("RGB")
    if kind == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Comment", "at home, Alice's street 1")
        info.add_itxt("XML:com.adobe.xmp", XMP.decode())
        more = {"pnginfo": info} | more
    elif kind == "GIF":
        more = {"comment": b"at home, Alice's street 1"} | more
    else:
        more = {"xmp": XMP} | more
    image.save(out, kind, **({} if kind == "GIF" else {"exif": exif(turned)}), **more)
    return out.getvalue()


def pixels(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as image:
        return image.tobytes()
