"""Emptying the database after a test that commits.

Django truncates every table and writes content types and permissions anew: a tenth of a second, a few files each.
Here what has rows loses them, and what has grown large is truncated, so that no test pays for the rows of another.
"""

from typing import Any

from django.db import connection
from django.test import TransactionTestCase

# What migrations and installed apps put there and no test changes.
KEPT = ("django_migrations", "django_content_type", "auth_permission")
LARGE = 256 * 1024

FILLED = """
SELECT relname, pg_relation_size(oid) > %s FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND NOT relname = ANY(%s)
  AND pg_relation_size(oid) > 0 ORDER BY relname
"""


def empty(_: Any = None) -> None:
    """All tables but KEPT. References are not followed: nothing is left that they could be from."""
    with connection.cursor() as cursor:
        cursor.execute(FILLED, [LARGE, list(KEPT)])
        found = cursor.fetchall()
        large = [name for name, is_large in found if is_large]
        orders = [f"DELETE FROM {name}" for name, is_large in found if not is_large]
        orders += [f"TRUNCATE {', '.join(large)} CASCADE"] if large else []
        if orders:
            cursor.execute("; ".join(["BEGIN", "SET LOCAL session_replication_role = replica", *orders, "COMMIT"]))


def instead_of_flush() -> None:
    TransactionTestCase._fixture_teardown = empty  # type: ignore[method-assign]
