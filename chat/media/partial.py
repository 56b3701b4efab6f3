"""A file that is still coming, held by whoever writes to it: the lock ends with its process, however that ends.

What the database says has been received is the truth; bytes beyond it are of a request that did not get to say so, and
are dropped by the next. All methods block; in a thread.
"""

import fcntl
import hashlib
import os
from collections.abc import Sequence

from chat.media import places


class Busy(Exception):
    """Another request is writing to it, here or in another process."""


class Partial:
    """Open and locked until `close`."""

    def __init__(self, upload: str) -> None:
        """Raises Busy, OSError."""
        places.uploads().mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = places.partial(upload)
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise Busy from None
        self._hash = hashlib.sha256()

    def close(self) -> None:
        os.close(self._file)

    def begin_at(self, offset: int) -> bool:
        """Ready to go on there. False: there is less than that."""
        if os.fstat(self._file).st_size < offset:
            return False
        os.ftruncate(self._file, offset)
        os.lseek(self._file, offset, os.SEEK_SET)
        return True

    def write(self, pieces: Sequence[bytes], is_hashed: bool) -> None:
        whole = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        if is_hashed:
            self._hash.update(whole)
        left = memoryview(whole)
        while left:
            left = left[os.write(self._file, left) :]

    def sync(self) -> None:
        os.fsync(self._file)

    @property
    def sha256(self) -> bytes:
        """Of what was written."""
        return self._hash.digest()
