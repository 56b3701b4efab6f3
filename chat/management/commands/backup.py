"""Writes the whole database into one file, while the messenger runs (`manage.py backup FILE`)."""

import os
import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat.management.tools import program


class Command(BaseCommand):
    help = "Writes the database into FILE, with pg_dump. Everything that must be kept is in it, but SECRET_KEY."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        if file.exists():
            raise CommandError(f"{file} exists already.")
        # Whole, or not there; and nobody else's to read, since every message is in it.
        partial = file.with_name(f"{file.name}.partial")
        os.close(os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
        command = [program("pg_dump"), "--format=custom", "--no-owner", f"--file={partial}", settings.POSTGRES_DSN]
        if subprocess.run(command).returncode:
            partial.unlink()
            raise CommandError("pg_dump failed: there is no backup.")
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.rename(file)
        self.stdout.write(f"{file}: {file.stat().st_size:,} bytes")
