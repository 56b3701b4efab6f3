"""One picture in, its thumbnail out: a program of its own, since decoding what strangers made is where such libraries
have their holes and their hunger. It may use so much memory and processor time, and then it is ended by the kernel.

    python render.py ORIGINAL THUMBNAIL MAX_PIXELS

Nothing of the messenger is imported here. Status 0: done; 3: it cannot be decoded.
"""

import resource
import sys
import warnings

LONGEST_SIDE = 480
QUALITY = 80
MEMORY_BYTES = 1 << 30
PROCESSOR_S = 20
OUTPUT_BYTES = 1 << 22
CANNOT = 3


def limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (OUTPUT_BYTES, OUTPUT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def render(original: str, thumbnail: str, max_pixels: int) -> None:
    """WebP, the longest side at most 480 pixels, the right way up, the first frame, nothing but pixels."""
    from PIL import Image, ImageOps

    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = max_pixels
    with Image.open(original, formats=["JPEG", "PNG", "GIF", "WEBP"]) as image:
        # JPEG is decoded at a fraction of its size.
        image.draft("RGB", (LONGEST_SIDE * 2, LONGEST_SIDE * 2))
        shown = ImageOps.exif_transpose(image)
        small = shown.convert("RGBA" if shown.has_transparency_data else "RGB")
        small.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        # A picture without the information that Pillow would write along.
        bare = Image.new(small.mode, small.size)
        bare.paste(small)
        bare.save(thumbnail, "WEBP", quality=QUALITY, method=4)


if __name__ == "__main__":
    limit()
    try:
        render(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    except Exception:
        sys.exit(CANNOT)
