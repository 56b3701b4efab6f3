"""As much talk as wanted, to see how the messenger feels with it. Demo mode only."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from chat.log import devices
from chat.log.between import direct_key
from chat.management.bulk import Line, write
from chat.models import Conversation, Membership, User
from receipts.models import Watermark

BODIES = (
    "See you at the station at half past seven?",
    "Yes. I bring the book.",
    "Which one?",
    "The one about reliable delivery. It arrived twice.",
    "Of course it did.",
    "👍",
)
# Conversations written in one statement.
CHUNK = 50


class Command(BaseCommand):
    help = (
        "Gives a demo person (alice) --conversations conversations with --messages messages in all, half of it unread."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--messages", type=int, default=1_000)
        parser.add_argument("--conversations", type=int, default=10)
        parser.add_argument("--person", default="alice")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Demo talk exists in demo mode only.")
        messages, conversations = options["messages"], options["conversations"]
        if conversations < 1 or messages < conversations:
            raise CommandError("There must be a conversation at least, and a message in each.")
        person = User.objects.filter(username=options["person"]).first()
        if person is None:
            raise CommandError("There is no such person. `manage.py seed_demo_people` makes alice, bob and carol.")
        each, rest = divmod(messages, conversations)
        lines = self._lines(person, conversations)
        self._write(lines[:1], each + rest)
        for start in range(1, conversations, CHUNK):
            self._write(lines[start : start + CHUNK], each)
        self.stdout.write(f"{messages} messages in {conversations} conversations.")

    @transaction.atomic
    def _lines(self, person: User, count: int) -> list[Line]:
        """A new guest for each conversation. Password-less: nobody signs in as one."""
        device, _ = devices.register(person, "demo")
        known = User.objects.filter(username__startswith="guest-").count()
        lines: list[Line] = []
        for n in range(known + 1, known + count + 1):
            guest = User.objects.create_user(username=f"guest-{n}", name=f"Guest {n}")
            other, _ = devices.register(guest, "demo")
            key = direct_key(person.id, guest.id)
            made = Conversation.objects.create(kind=Conversation.Kind.DIRECT, direct_key=key)
            for user in (person, guest):
                Membership.objects.create(conversation=made, user=user)
                Watermark.objects.create(conversation=made, user=user)
            lines.append((str(made.id), str(guest.id), str(other.id), str(person.id), str(device.id)))
        return lines

    @transaction.atomic
    def _write(self, lines: list[Line], count: int) -> None:
        with connection.cursor() as cursor:
            write(cursor, lines, 1, count, BODIES, 30.0)
        self._read_half([line[0] for line in lines], count)

    def _read_half(self, convs: list[str], count: int) -> None:
        Watermark.objects.filter(conversation_id__in=convs).update(delivered_seq=count // 2, seen_seq=count // 2)
