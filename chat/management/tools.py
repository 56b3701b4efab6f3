"""PostgreSQL's own programs, for the commands that need them."""

import re
import shutil
import subprocess
from collections.abc import Iterator

import psycopg
from django.conf import settings
from django.core.management.base import CommandError

from messenger.binaries import DEBIAN, WHEEL_VERSION, NotInstalled, postgres_programs


def program(name: str) -> str:
    """One that is at least as new as the server; an older one would refuse it."""
    with psycopg.connect(settings.POSTGRES_DSN) as connection:
        wanted = connection.info.server_version // 10_000
    for found in _candidates(name, wanted):
        if _major(found) >= wanted:
            return found
    raise CommandError(f"{name} of PostgreSQL {wanted} or newer is needed: it comes with its client programs.")


def _candidates(name: str, version: int) -> Iterator[str]:
    if found := shutil.which(name):
        yield found
    if (debian := DEBIAN / str(version) / "bin" / name).exists():
        yield str(debian)
    try:
        yield str(postgres_programs(WHEEL_VERSION) / name)
    except NotInstalled:
        return


def _major(found: str) -> int:
    """Of "pg_dump (PostgreSQL) 18.1 (Debian …)"."""
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    number = re.search(r"\) (\d+)", told)
    return int(number[1]) if number else 0
