"""Whether the audit log is what was written (`manage.py verify_audit [--anchor NUMBER:DIGEST]`)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chat.log import audit
from chat.log.audit import Broken, Head


def anchor(text: str) -> Head:
    return Head.parse(text)


class Command(BaseCommand):
    help = (
        "Recomputes the chain of the audit log. Prints its head, NUMBER:DIGEST; ends with status 1 and the number of"
        " the first bad line if there is one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--anchor", type=anchor, help="a head printed earlier: it must be in the log still")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            head = audit.check(options["anchor"])
        except Broken as broken:
            raise CommandError(f"The audit log is broken at {broken}.") from None
        self.stdout.write(str(head))
