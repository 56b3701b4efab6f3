"""Where files are: those that are still coming in a folder that all web processes share, complete ones in the storage
of Django's settings (a folder beside it, or S3). Names are made of ids, never of anything a person wrote.

All of it blocks; in a thread. Whatever goes wrong is an OSError, also what S3's library has errors of its own for.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, storages

ORIGINAL, THUMBNAIL = "file", "thumbnail"


def _storage() -> Any:
    return storages["default"]


def uploads() -> Path:
    return Path(settings.MEDIA_ROOT) / "uploads"


def partial(upload: str) -> Path:
    return uploads() / upload


def clean_copy(upload: str) -> Path:
    return uploads() / f"{upload}.clean"


def name(attachment: str, variant: str) -> str:
    """The last digits of a UUIDv7 are random: folders fill evenly."""
    return f"{variant}s/{attachment[-2:]}/{attachment}"


@contextmanager
def _as_os_errors() -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        if isinstance(_storage(), FileSystemStorage):
            raise
        raise _os_error(error) from error


def _os_error(error: Exception) -> Exception:
    """Raised by boto3; loaded already when it can be."""
    from boto3.exceptions import Boto3Error  # type: ignore[import-untyped]
    from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

    if not isinstance(error, Boto3Error | BotoCoreError | ClientError):
        return error
    status = getattr(error, "response", {}).get("ResponseMetadata", {}).get("HTTPStatusCode")
    return (FileNotFoundError if status == 404 else OSError)(f"the storage failed: {type(error).__name__}")


@_as_os_errors()
def keep(path: Path, attachment: str, variant: str) -> None:
    """A file that is on disk is in the storage then as well; it may be removed. Safe to repeat. Raises OSError."""
    wanted = name(attachment, variant)
    storage = _storage()
    storage.delete(wanted)
    if isinstance(storage, FileSystemStorage):
        target = Path(storage.path(wanted))
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _link(path, target)
        _sync_folder(target.parent)
        return
    with path.open("rb") as file:
        storage.save(wanted, File(file))


def forget_partial(upload: str) -> None:
    for path in (partial(upload), clean_copy(upload)):
        path.unlink(missing_ok=True)


@_as_os_errors()
def remove(attachment: str) -> None:
    """All there is of it. Harmless when there is nothing."""
    forget_partial(attachment)
    for variant in (ORIGINAL, THUMBNAIL):
        _storage().delete(name(attachment, variant))


@contextmanager
def fetched(attachment: str, scratch: Path) -> Iterator[Path]:
    """The original as a local file, to be read only: its own, or a copy at `scratch`."""
    wanted = name(attachment, ORIGINAL)
    storage = _storage()
    if isinstance(storage, FileSystemStorage):
        yield Path(storage.path(wanted))
        return
    with _as_os_errors(), storage.open(wanted) as stored, scratch.open("wb") as copy:
        for piece in stored.chunks():
            copy.write(piece)
    yield scratch


@_as_os_errors()
def opened(attachment: str, variant: str, first: int, last: int) -> BinaryIO:
    """For reading bytes `first` to `last`, both included, and no further. Raises OSError."""
    wanted = name(attachment, variant)
    storage = _storage()
    if isinstance(storage, FileSystemStorage):
        file = Path(storage.path(wanted)).open("rb")  # noqa: SIM115 (whoever reads it closes it)
        file.seek(first)
        return file
    # The storage's own file would be read whole before its first byte can be had.
    body: BinaryIO = storage.bucket.Object(storage._normalize_name(wanted)).get(Range=f"bytes={first}-{last}")["Body"]
    return body


@_as_os_errors()
def size(attachment: str, variant: str) -> int:
    """In bytes. Raises OSError."""
    return int(_storage().size(name(attachment, variant)))


def _link(path: Path, target: Path) -> None:
    """Another name for the same file; where the file system has none, a copy."""
    try:
        target.hardlink_to(path)
    except OSError:
        shutil.copyfile(path, target)
        sync(target)


def sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
