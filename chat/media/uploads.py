"""Uploads: begun, continued, completed, given up. One row each, of its owner alone; partial.py has its bytes.

An upload is found by its id and its owner: someone else's is not there.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from psycopg import AsyncConnection

from chat.log.attached import FILE
from chat.log.pool import Database, Row
from chat.log.refusal import Refusal
from chat.media import places
from chat.media.examine import Found, examine
from chat.media.intake import End, Intake, Receive
from chat.media.partial import Busy, Partial
from chat.media.refused import RefusedFile
from chat.media.threads import in_thread, to_its_end
from chat.models.ids import new_id
from chat.policy.files import clean_name
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import Attachment

# Unsent uploads of a person, however small they are.
MOST = 1_000
MEGABYTE = 1_000_000

COLUMNS = f"a.id::text, a.name, a.length, a.received, a.state <> 'uploading', {FILE}"
FIND = f"""
SELECT {COLUMNS} FROM chat_attachment a WHERE a.id = %s::uuid AND a.owner_id = %s::uuid AND a.state <> 'dropped'
"""
FIND_BY_KEY = f"""
SELECT {COLUMNS} FROM chat_attachment a WHERE a.owner_id = %s::uuid AND a.client_id = %s AND a.state <> 'dropped'
"""
# One at a time for each person, so that two do not both take the last room there is.
LOCK_OWNER = "SELECT FROM chat_user WHERE id = %s::uuid FOR NO KEY UPDATE"
UNSENT = """
SELECT count(*), coalesce(sum(length), 0)::bigint FROM chat_attachment
WHERE owner_id = %s::uuid AND state IN ('uploading', 'ready')
"""
CREATE = """
INSERT INTO chat_attachment (id, owner_id, client_id, state, name, type, length, created_at)
VALUES (%s::uuid, %s::uuid, %s, 'uploading', %s, 'application/octet-stream', %s, clock_timestamp())
"""
NOTE = """
UPDATE chat_attachment SET received = %s WHERE id = %s::uuid AND state = 'uploading' AND received < %s RETURNING 1
"""
BEGIN_ANEW = "UPDATE chat_attachment SET received = 0 WHERE id = %s::uuid AND state = 'uploading' RETURNING 1"
COMPLETE = f"""
UPDATE chat_attachment a SET state = 'ready', received = length, type = %s, size = %s, width = %s, height = %s,
    thumbnail = %s, attempts = 0, next_attempt_at = NULL, completed_at = clock_timestamp()
WHERE a.id = %s::uuid AND a.state = 'uploading' RETURNING {COLUMNS}
"""
DROP = """
UPDATE chat_attachment SET state = 'dropped', attempts = 0, next_attempt_at = NULL
WHERE id = %s::uuid AND owner_id = %s::uuid AND state IN ('uploading', 'ready') RETURNING 1
"""


@dataclass(frozen=True, slots=True)
class Upload:
    """`offset`: where it goes on. `attachment` None: it is not complete yet."""

    id: str
    name: str
    length: int
    offset: int
    attachment: Attachment | None

    @property
    def is_complete(self) -> bool:
        return self.attachment is not None


def most_bytes() -> int:
    """Of one file."""
    return int(settings.MAX_ATTACHMENT_MB) * MEGABYTE


def _upload(row: Row) -> Upload:
    upload, name, length, received, complete, file = row
    return Upload(upload, name, length, received, file if complete else None)


async def find(database: Database, owner: str, upload: str) -> Upload:
    """Raises Refusal (NOT_FOUND)."""
    rows = await database.rows(FIND, [upload, owner])
    if not rows:
        raise Refusal(ErrorCode.NOT_FOUND)
    return _upload(rows[0])


async def create(database: Database, owner: str, client_id: str, name: str, length: int) -> tuple[Upload, bool]:
    """The upload of this key, and whether it is there only now. Raises Refusal: UPLOAD_TOO_LARGE, QUOTA_EXCEEDED,
    IDEMPOTENCY_CONFLICT."""
    if length > most_bytes():
        raise Refusal(ErrorCode.UPLOAD_TOO_LARGE)
    shown = clean_name(name)
    async with database.transaction() as connection:
        await connection.execute("SET LOCAL lock_timeout = '1s'")
        await connection.execute(LOCK_OWNER, [owner])
        if known := await _known(connection, owner, client_id):
            if (known.length, known.name) != (length, shown):
                raise Refusal(ErrorCode.IDEMPOTENCY_CONFLICT)
            return known, False
        cursor = await connection.execute(UNSENT, [owner])
        count, unsent = await cursor.fetchone() or (0, 0)
        if count >= MOST or unsent + length > settings.UPLOAD_QUOTA_MB * MEGABYTE:
            raise Refusal(ErrorCode.QUOTA_EXCEEDED)
        upload = str(new_id())
        await connection.execute(CREATE, [upload, owner, client_id, shown, length])
    return Upload(upload, shown, length, 0, None), True


async def _known(connection: AsyncConnection[Any], owner: str, client_id: str) -> Upload | None:
    cursor = await connection.execute(FIND_BY_KEY, [owner, client_id])
    row = await cursor.fetchone()
    return _upload(row) if row else None


async def drop(database: Database, owner: str, upload: str) -> None:
    """Its files are removed by the sweep. Raises Refusal (NOT_FOUND): also when it is part of a message."""
    if not await database.rows(DROP, [upload, owner]):
        raise Refusal(ErrorCode.NOT_FOUND)


class Writing:
    """One request that continues an upload. `checksum`: of its body, SHA-256; nothing is kept unless that is right."""

    def __init__(self, database: Database, owner: str, upload: str, offset: int, checksum: bytes | None) -> None:
        self._database = database
        self._owner = owner
        self._id = upload
        self._offset = offset
        self._checksum = checksum

    async def run(self, receive: Receive) -> Upload | None:
        """The upload as it is then; None: whoever sent it is gone. Raises Refusal (NOT_FOUND, UPLOAD_BUSY,
        WRONG_OFFSET, UPLOAD_TOO_LARGE, CHECKSUM_MISMATCH, REFUSED_FILE), OSError, psycopg.Error."""
        return await to_its_end(self._run(receive))

    async def _run(self, receive: Receive) -> Upload | None:
        await find(self._database, self._owner, self._id)
        try:
            partial = await in_thread(Partial, self._id)
        except Busy:
            raise Refusal(ErrorCode.UPLOAD_BUSY) from None
        try:
            return await self._write(receive, partial)
        finally:
            await in_thread(partial.close)

    async def _write(self, receive: Receive, partial: Partial) -> Upload | None:
        # Once more, now that nobody else moves it.
        upload = await find(self._database, self._owner, self._id)
        if upload.offset != self._offset:
            raise Refusal(ErrorCode.WRONG_OFFSET)
        if upload.is_complete:
            await in_thread(partial.path.unlink, missing_ok=True)
        elif not await in_thread(partial.begin_at, upload.offset):
            await self._lost(upload)
        intake = Intake(receive, partial, upload.length - upload.offset, self._checksum is not None, self._note)
        end = await intake.run()
        if end is End.TOO_LONG:
            raise Refusal(ErrorCode.UPLOAD_TOO_LARGE)
        if self._checksum is not None and (end is End.CUT or partial.sha256 != self._checksum):
            if end is End.CUT:
                return None
            raise Refusal(ErrorCode.CHECKSUM_MISMATCH)
        if intake.count:
            await self._note(intake.count)
        if end is End.CUT:
            return None
        offset = upload.offset + intake.count
        if upload.is_complete or offset < upload.length:
            return Upload(upload.id, upload.name, upload.length, offset, upload.attachment)
        return await self._complete()

    async def _note(self, count: int) -> None:
        """Of this request so many bytes are on disk. Raises Refusal (NOT_FOUND): it was given up meanwhile."""
        offset = self._offset + count
        if not await self._database.rows(NOTE, [offset, self._id, offset]):
            raise Refusal(ErrorCode.NOT_FOUND)

    async def _lost(self, upload: Upload) -> None:
        """The file is shorter than what was said to be there: the disk has lost it, and it begins anew."""
        await self._database.rows(BEGIN_ANEW, [upload.id])
        raise Refusal(ErrorCode.WRONG_OFFSET)

    async def _complete(self) -> Upload:
        """Looked at, kept, and only then said to be there. Should this process die in between, the last request comes
        again and does the same again."""
        try:
            found, size = await in_thread(_keep, self._id)
        except RefusedFile:
            await self._database.rows(DROP, [self._id, self._owner])
            raise Refusal(ErrorCode.REFUSED_FILE) from None
        thumbnail = "wanted" if found.width else "none"
        shown = [found.type, size, found.width, found.height, thumbnail]
        rows = await self._database.rows(COMPLETE, [*shown, self._id])
        if not rows:
            raise Refusal(ErrorCode.NOT_FOUND)
        await in_thread(places.forget_partial, self._id)
        return _upload(rows[0])


def _keep(upload: str) -> tuple[Found, int]:
    """Raises RefusedFile, OSError."""
    path, clean = places.partial(upload), places.clean_copy(upload)
    found = examine(path, clean, settings.MAX_IMAGE_MEGAPIXELS * 1_000_000)
    source = clean if found.is_clean_copy else path
    places.sync(source)
    places.keep(source, upload, places.ORIGINAL)
    return found, source.stat().st_size
