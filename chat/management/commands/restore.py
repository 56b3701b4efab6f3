"""Brings a backup into an empty database, and begins a new epoch (`manage.py restore FILE`): before any web process
starts on it. Clients then drop what they know of the log, and send anew what they have not seen accepted."""

import subprocess
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat.management.tools import program

TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
NEW_EPOCH = "INSERT INTO chat_epoch (id, created_at) VALUES (gen_random_uuid(), now()) RETURNING id::text"


class Command(BaseCommand):
    help = "Brings what manage.py backup wrote into an empty database, all of it or nothing, and begins a new epoch."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        if not file.is_file():
            raise CommandError(f"{file} is not there.")
        with psycopg.connect(settings.POSTGRES_DSN) as connection:
            row = connection.execute(TABLES).fetchone()
        if row is None or row[0]:
            raise CommandError("The database is not empty: restore into a new one.")
        command = [program("pg_restore"), "--no-owner", "--exit-on-error", "--single-transaction"]
        if subprocess.run([*command, f"--dbname={settings.POSTGRES_DSN}", str(file)]).returncode:
            raise CommandError("pg_restore failed: nothing was restored.")
        with psycopg.connect(settings.POSTGRES_DSN) as connection:
            epoch = connection.execute(NEW_EPOCH).fetchone()
        self.stdout.write(f"restored; the epoch is {epoch[0] if epoch else ''} now")
