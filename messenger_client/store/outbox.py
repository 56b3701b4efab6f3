"""Messages on their way out, in the order they were written."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, replace

from messenger_client.errors import InvalidClientId
from messenger_client.ids import composite, now_ms
from messenger_client.model import Unsent, UnsentFile
from messenger_client.protocol import Frame
from messenger_client.replica import revision
from messenger_client.store import meta
from messenger_client.ticks import Status

COLUMNS = "client_id, conv, body, reply_to, made, state, code, reason, seq, n, files"
ADD = f"""INSERT INTO outbox (client_id, conv, body, reply_to, made, state, seq, files)
VALUES (?, ?, ?, ?, ?, 'pending', ?, ?) RETURNING {COLUMNS}"""
# The server has no such uploads, or not any more.
LOST = "INVALID_ATTACHMENT"
IN_LOG = "SELECT conv, doc FROM entries WHERE sender = ? AND client_id = ?"


def add(
    db: sqlite3.Connection,
    conv: str,
    body: str,
    client_id: str | None,
    reply_to: int | None,
    resends: int | None = None,
    files: Sequence[UnsentFile] = (),
) -> tuple[str, Unsent | None]:
    """The message's client_id, made if it is None, and the message as it now waits; None: it did already, or is in the
    log. `files`: their keys are made here. Raises InvalidClientId for one that stands for another message."""
    if client_id is None:
        client_id = next_id(db)
    elif (known := find(db, client_id)) is not None:
        paths = [file.path for file in known.files], [file.path for file in files]
        if (known.conversation_id, known.body, known.reply_to) != (conv, body, reply_to) or paths[0] != paths[1]:
            raise InvalidClientId("This client_id waits in the outbox already, with another message.")
        return client_id, None
    elif (row := db.execute(IN_LOG, [meta.get(db, "user"), client_id]).fetchone()) is not None:
        where, doc = row
        if where != conv or not _says(doc, body, reply_to, len(files)):
            raise InvalidClientId("This client_id is in the log already, with another message.")
        return client_id, None
    named = [replace(file, key=next_id(db)) for file in files]
    row = db.execute(ADD, [client_id, conv, body, reply_to, now_ms(), resends, _json(named)]).fetchone()
    return client_id, _unsent(*row)


def _says(doc: str, body: str, reply_to: int | None, files: int) -> bool:
    """Whether an entry is this message, as far as it is known here: what one was before it was changed is not, and of
    its files only how many."""
    entry = json.loads(doc)
    said = entry.get("body"), entry.get("reply_to"), len(entry.get("attachments", ()))
    return revision(entry) > 0 or said == (body, reply_to, files)


def uploaded(db: sqlite3.Connection, client_id: str, key: str, attachment: Frame) -> Unsent | None:
    """One of its files has become this attachment. The message as it is then; None: it does not wait any more."""
    item = find(db, client_id)
    if item is None:
        return None
    done = {"attachment": attachment["id"], "told": attachment}
    files = [replace(file, **done) if file.key == key else file for file in item.files]
    db.execute("UPDATE outbox SET files = ? WHERE client_id = ?", [_json(files), client_id])
    return replace(item, files=tuple(files))


def next_id(db: sqlite3.Connection) -> str:
    """The counter never gives a number twice, whatever happens to the transaction's program."""
    return composite(str(meta.get(db, "device")), meta.count(db), now_ms())


def find(db: sqlite3.Connection, client_id: str) -> Unsent | None:
    row = db.execute(f"SELECT {COLUMNS} FROM outbox WHERE client_id = ?", [client_id]).fetchone()
    return _unsent(*row) if row else None


def all_of(db: sqlite3.Connection, conv: str | None = None) -> list[Unsent]:
    """In order; `conv`: of one conversation."""
    rows = db.execute(f"SELECT {COLUMNS} FROM outbox WHERE conv = coalesce(?, conv) ORDER BY n", [conv])
    return [_unsent(*row) for row in rows.fetchall()]


def resend_of(db: sqlite3.Connection, conv: str, seq: int) -> str | None:
    """The client_id under which the expired entry is being sent anew."""
    row = db.execute("SELECT client_id FROM outbox WHERE conv = ? AND seq = ?", [conv, seq]).fetchone()
    return row[0] if row else None


def fail(db: sqlite3.Connection, client_id: str, status: Status, code: str, reason: str) -> bool:
    """True if it was waiting still."""
    query = "UPDATE outbox SET state = ?, code = ?, reason = ? WHERE client_id = ? AND state = 'pending'"
    return db.execute(query, [status.value, code, reason, client_id]).rowcount > 0


def requeue(db: sqlite3.Connection, client_id: str) -> Unsent | None:
    """By hand: under the same id, since the outcome of earlier attempts is unknown, at the end of the line. Files go
    again if it was they that were refused. None: it is not there, or waits already."""
    query = f"DELETE FROM outbox WHERE client_id = ? AND state <> 'pending' RETURNING {COLUMNS}"
    rows = db.execute(query, [client_id]).fetchall()
    if not rows:
        return None
    known = _unsent(*rows[0])
    files = [replace(file, attachment=None, told=None) for file in known.files] if known.code == LOST else known.files
    values = [client_id, known.conversation_id, known.body, known.reply_to, now_ms(), known.resends, _json(files)]
    return _unsent(*db.execute(ADD, values).fetchone())


def settle(db: sqlite3.Connection, client_id: str) -> bool:
    """It is in the log, or was given up. True if it was there."""
    return db.execute("DELETE FROM outbox WHERE client_id = ?", [client_id]).rowcount > 0


def _unsent(client_id: str, conv: str, body: str, reply_to: int | None, made: int, state: str, *more: object) -> Unsent:
    code, reason, resends, place, files = more
    carried = tuple(UnsentFile(**file) for file in json.loads(str(files)))
    # The columns' types are the schema's.
    return Unsent(client_id, conv, body, reply_to, made, Status(state), code, reason, resends, place, carried)  # type: ignore[arg-type]


def _json(files: Sequence[UnsentFile]) -> str:
    return json.dumps([asdict(file) for file in files])
