"""What to do after a failure (spec E2), whatever the door: one table for HTTP, sends and closed sockets. Pure.

- LATER: nothing is wrong with the request; the same again, after the time told or the own backoff if that is longer.
- NEVER: the same request will be refused again.
- SIGN_IN: sign in first; meanwhile nothing fails.
"""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum

SIGN_IN_CODE = "AUTHENTICATION_FAILED"
CLOSED_SIGN_IN = 4401
# RFC 6455's for a frame that is too big: it comes from the web server itself, and means what 4413 means.
CLOSED_TOO_BIG = 1009
# Time-out, a lock that was held, too early, too many, tus's checksum that is not that of what came: the request itself
# was all right.
_LATER_STATUSES = frozenset({408, 409, 423, 425, 429, 460})


class Retry(Enum):
    NEVER = "never"
    LATER = "later"
    SIGN_IN = "sign_in"


def of_status(status: int, code: str | None = None) -> Retry:
    """An HTTP answer. `code`: of its problem details, if it has one; our server's 409s name a conflict that stays."""
    if code == SIGN_IN_CODE or (status == 401 and code is None):
        return Retry.SIGN_IN
    if status >= 500 or (status in _LATER_STATUSES and not (status == 409 and code)):
        return Retry.LATER
    return Retry.NEVER


def of_close(code: int) -> Retry:
    """A WebSocket close code: 4000 to 4499 are for good, all others, and none, are not."""
    if code == CLOSED_SIGN_IN:
        return Retry.SIGN_IN
    return Retry.NEVER if 4000 <= code < 4500 or code == CLOSED_TOO_BIG else Retry.LATER


def retry_after_ms(value: str | None, now: datetime | None = None) -> int:
    """A Retry-After header, seconds or a date (RFC 9110, 10.2.3), in milliseconds; 0 for none, and for one that cannot
    be read."""
    if not value:
        return 0
    text = value.strip()
    if text.isascii() and text.isdigit():
        # More digits than any pause has would overflow what sleeps.
        return int(text[:9]) * 1000
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return 0
    pause = date.replace(tzinfo=date.tzinfo or UTC) - (now or datetime.now(UTC))
    return max(0, round(pause.total_seconds() * 1000))
