"""UUIDv7: ordered by time, made by any process without asking another (spec C3)."""

from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    """A fresh UUIDv7 as the standard library's UUID, which Django and psycopg know."""
    return UUID(bytes=uuid_utils.uuid7().bytes)
