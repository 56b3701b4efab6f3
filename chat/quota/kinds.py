"""What is limited, for whom: the settings' table, and the names of its buckets."""

from collections.abc import Iterator
from enum import Enum

from django.conf import settings

from chat.policy.addresses import household
from chat.policy.rate import Rate


class What(str, Enum):
    """SYNC and UPLOADS count bytes, all others acts."""

    SENDS = "sends"
    CONVERSATIONS = "conversations"
    ACTS = "acts"
    CONNECTS = "connects"
    SYNC = "sync"
    UPLOADS = "uploads"
    SIGN_INS = "sign_ins"
    PASSWORDS = "passwords"
    SIGN_UPS = "sign_ups"
    RESETS = "resets"
    EXPORTS = "exports"
    REPORTS = "reports"
    SEARCHES = "searches"
    STRANGERS = "strangers"


def buckets(what: What, user: str, address: str) -> Iterator[tuple[str, Rate]]:
    """Those an act of this person, from this address, is counted in; none where there is no limit. Empty: nobody, or
    nowhere that is known."""
    by_user, by_address = settings.LIMITS[what.value]
    if by_user and user:
        yield f"quota:{what.value}:user:{user}", by_user
    if by_address and address:
        yield f"quota:{what.value}:address:{household(address)}", by_address
