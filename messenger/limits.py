"""How much people may do: LIMIT_… in the environment, 0 for no limit. docs/operations.md lists them, and what holds
while Redis is away. A bucket holds what may be done at once, and fills with as much again in its time."""

from chat.policy.rate import Rate
from messenger import env

MINUTE = 60.0
HOUR = 3_600.0
MEGABYTE = 1_000_000

Limit = tuple[Rate | None, Rate | None]
"""For one person, for one address."""


def _rate(most: int, seconds: float) -> Rate | None:
    return Rate(float(most), seconds) if most else None


def limits() -> dict[str, Limit]:
    """By what is limited (chat/quota/kinds.py)."""
    return {
        "sends": (
            _rate(env.number("LIMIT_SENDS", 600), MINUTE),
            _rate(env.number("LIMIT_SENDS_ADDRESS", 6_000), MINUTE),
        ),
        "conversations": (
            _rate(env.number("LIMIT_CONVERSATIONS", 60), HOUR),
            _rate(env.number("LIMIT_CONVERSATIONS_ADDRESS", 600), HOUR),
        ),
        "connects": (
            _rate(env.number("LIMIT_CONNECTS", 60), MINUTE),
            _rate(env.number("LIMIT_CONNECTS_ADDRESS", 1_200), MINUTE),
        ),
        "sync": (
            _rate(env.number("LIMIT_SYNC_MEGABYTES", 1_000) * MEGABYTE, HOUR),
            _rate(env.number("LIMIT_SYNC_MEGABYTES_ADDRESS", 10_000) * MEGABYTE, HOUR),
        ),
        "uploads": (
            _rate(env.number("LIMIT_UPLOAD_MEGABYTES", 1_000) * MEGABYTE, HOUR),
            _rate(env.number("LIMIT_UPLOAD_MEGABYTES_ADDRESS", 10_000) * MEGABYTE, HOUR),
        ),
        # Wrong passwords for one account are django-axes' (SIGN_IN_FAILURES); this is for one password, many accounts.
        "sign_ins": (None, _rate(env.number("LIMIT_SIGN_INS_ADDRESS", 300), HOUR)),
        # One's own, asked for once more.
        "passwords": (_rate(env.number("LIMIT_PASSWORDS", 20), HOUR), None),
        "sign_ups": (None, _rate(env.number("LIMIT_SIGN_UPS_ADDRESS", 30), HOUR)),
        "resets": (
            _rate(env.number("LIMIT_RESETS", 5), HOUR),
            _rate(env.number("LIMIT_RESETS_ADDRESS", 30), HOUR),
        ),
        "searches": (
            _rate(env.number("LIMIT_SEARCHES", 120), MINUTE),
            _rate(env.number("LIMIT_SEARCHES_ADDRESS", 1_200), MINUTE),
        ),
        # Found by their username, by whoever shares no conversation with them.
        "strangers": (
            _rate(env.number("LIMIT_STRANGERS", 60), HOUR),
            _rate(env.number("LIMIT_STRANGERS_ADDRESS", 600), HOUR),
        ),
        # What is done to groups, their members and links, and to blocks; and messages deleted. Whoever deletes by hand
        # deletes fewer.
        "acts": (
            _rate(env.number("LIMIT_ACTS", 120), MINUTE),
            _rate(env.number("LIMIT_ACTS_ADDRESS", 1_200), MINUTE),
        ),
        "exports": (_rate(env.number("LIMIT_EXPORTS", 4), HOUR), None),
        "reports": (_rate(env.number("LIMIT_REPORTS", 20), HOUR), None),
    }
