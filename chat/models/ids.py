"""UUIDv7: ordered by time, made by any process without asking another (spec C3)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import uuid_utils

START = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def new_id() -> UUID:
    """A fresh UUIDv7 as the standard library's UUID, which Django and psycopg know."""
    return UUID(bytes=uuid_utils.uuid7().bytes)


def first_id(at: datetime) -> UUID:
    """Below every id made in that millisecond or later, above every earlier one. Not an id of anything."""
    return UUID(int=max(0, (at - START) // MILLISECOND) << 80)


def made_at(made: UUID) -> datetime:
    """When an id was made, by the clock of the process that made it; to the millisecond."""
    return START + MILLISECOND * (made.int >> 80)
