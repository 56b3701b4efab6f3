"""Thumbnails: which pictures want one stands in the database. A worker takes a few for a while (a lease); what one that
died had taken is due again when that is over.
"""

import logging
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import connection

from chat.media import places, render
from chat.media.places import THUMBNAIL
from chat.models import Progress

logger = logging.getLogger(__name__)

LEASE_S = 60
# A picture that ends its renderer, or takes too long, is tried so often.
ATTEMPTS = 3
RENDER_S = 30.0

# One at a time: the others are for other workers. Unsent ones too, their sender wants to see them.
CLAIM = f"""
UPDATE chat_attachment SET attempts = attempts + 1, next_attempt_at = now() + interval '{LEASE_S} seconds'
WHERE id = (
    SELECT id FROM chat_attachment
    WHERE thumbnail = 'wanted' AND state IN ('ready', 'sent') AND (next_attempt_at IS NULL OR next_attempt_at <= now())
    ORDER BY next_attempt_at NULLS FIRST LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id::text, attempts
"""
SETTLE = """
UPDATE chat_attachment SET thumbnail = %s, attempts = 0, next_attempt_at = NULL
WHERE id = %s::uuid AND thumbnail = 'wanted' AND state IN ('ready', 'sent')
"""

ALL_DONE = """
INSERT INTO chat_progress (work, upto) VALUES (%s, now()) ON CONFLICT (work) DO UPDATE SET upto = excluded.upto
"""


def all_done() -> None:
    """At this moment no picture is waiting that is due. Raises django.db.Error."""
    with connection.cursor() as cursor:
        cursor.execute(ALL_DONE, [Progress.Work.THUMBNAILS])


def draw_next() -> bool:
    """Whether there was one. Raises django.db.Error, OSError."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM)
        row = cursor.fetchone()
    if row is None:
        return False
    attachment, attempts = row
    made = _draw(attachment)
    if made is None and attempts < ATTEMPTS:
        return True
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, ["made" if made else "failed", attachment])
        is_wanted = cursor.rowcount > 0
    if not is_wanted:
        # It was dropped meanwhile, and perhaps swept already.
        places.remove(attachment)
    return True


def _draw(attachment: str) -> bool | None:
    """Whether it was made and kept; None: perhaps another time."""
    with tempfile.TemporaryDirectory(prefix="thumbnail-") as folder:
        out = Path(folder) / "thumbnail"
        try:
            with places.fetched(attachment, Path(folder) / "original") as original:
                status = _render(original, out)
        except FileNotFoundError:
            # Removed meanwhile.
            return False
        if status == 0:
            places.sync(out)
            places.keep(out, attachment, THUMBNAIL)
            return True
    logger.warning("no thumbnail of %s: status %s", attachment, status)
    return False if status == render.CANNOT else None


def _render(original: Path, out: Path) -> int | None:
    """None: it took too long."""
    pixels = str(settings.MAX_IMAGE_MEGAPIXELS * 1_000_000)
    command = [sys.executable, "-I", str(render.__file__), str(original), str(out), pixels]
    null = subprocess.DEVNULL
    try:
        return subprocess.run(command, env={}, timeout=RENDER_S, stdin=null, stdout=null, stderr=null).returncode
    except subprocess.TimeoutExpired:
        return None
