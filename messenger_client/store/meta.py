"""Single facts: who is signed in where, the epoch, the counter of ids."""

import sqlite3
from collections.abc import Mapping

ACCOUNT = ("server", "user", "username", "device", "token")


def get(db: sqlite3.Connection, name: str) -> str | None:
    row = db.execute("SELECT value FROM meta WHERE name = ?", [name]).fetchone()
    return row[0] if row else None


def put(db: sqlite3.Connection, facts: Mapping[str, str | None]) -> None:
    db.executemany("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", list(facts.items()))


def count(db: sqlite3.Connection) -> int:
    row = db.execute("UPDATE meta SET value = value + 1 WHERE name = 'counter' RETURNING value").fetchone()
    return int(row[0])


def account(db: sqlite3.Connection) -> dict[str, str]:
    """Of ACCOUNT what is known."""
    return {name: value for name in ACCOUNT if (value := get(db, name)) is not None}


def forget(db: sqlite3.Connection) -> None:
    """Everything this device has. The counter goes on."""
    for table in ("people", "conversations", "entries", "changes", "absent", "outbox", "events"):
        db.execute(f"DELETE FROM {table}")
    db.execute("DELETE FROM meta WHERE name <> 'counter'")


def forget_token(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM meta WHERE name = 'token'")
