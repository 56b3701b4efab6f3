"""For tests of what expires: entries of some days ago, and what is known of people afterwards."""

from datetime import timedelta

from django.utils import timezone

from chat.models import Change, Inbox
from receipts import ledger
from receipts.ledger import Row
from receipts.models import Lapse, Watermark
from tests.cast import Cast, Person, make_direct
from tests.log import write

DAYS = 30


def old(conv: str, person: Person, count: int = 1, days: float = DAYS + 1) -> int:
    """Entries written `days` ago; the new head."""
    return write(conv, person, count, at=timezone.now() - timedelta(days=days))


def appended(conv: str, person: Person, count: int = 1) -> int:
    """Entries of now and the change row the committer leaves; the new head."""
    head = write(conv, person, count)
    Change.objects.create(kind="append", conversations=[conv], heads=[head], at=timezone.now())
    return head


def with_each(people: Cast) -> dict[str, Person]:
    """alice's conversations with each of the others."""
    return {make_direct(people.alice, person): person for person in (people.bob, people.carol, people.mallory)}


def stored(conv: str, person: Person, seq: int) -> None:
    """The person's device acknowledges everything through `seq`."""
    ledger.apply([Row(conv, person.device_id, "delivered", seq, 1_790_000_000_000)])


def lapses(conv: str, person: Person) -> list[tuple[int, int]]:
    found = Lapse.objects.filter(conversation=conv, user=person.user).order_by("from_seq")
    return list(found.values_list("from_seq", "upto_seq"))


def mark(conv: str, person: Person) -> tuple[int, int]:
    found = Watermark.objects.get(conversation=conv, user=person.user)
    return found.delivered_seq, found.expired_seq


def inbox(conv: str, person: Person) -> tuple[int, int] | None:
    """(received, horizon) of the person's device; None: no row."""
    found = Inbox.objects.filter(conversation=conv, device=person.device).first()
    return None if found is None else (found.received_seq, found.horizon_seq)


def lapsed_changes() -> list[tuple[set[str], set[str]]]:
    """(conversations, users) of each change row that tells of lapses, oldest first."""
    rows = Change.objects.filter(kind="lapsed").order_by("id")
    return [({str(conv) for conv in row.conversations}, {str(user) for user in row.users}) for row in rows]
