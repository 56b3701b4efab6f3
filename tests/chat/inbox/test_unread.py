"""Unread is what its definition says, whatever was deleted, hidden, expired, or written while someone was away."""

from dataclasses import dataclass

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.inbox.sync import CONVERSATIONS
from chat.models import Conversation, Hidden, Membership, Message
from receipts.models import Lapse, Watermark
from tests.cast import Cast, Person, make_direct
from tests.log import write

pytestmark = [pytest.mark.storage, pytest.mark.django_db]

HEAD = 16
Spans = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class History:
    """bob's: `away` are spans between stays, the last one open; `own`, `deleted`, `hidden`: seqs."""

    away: Spans
    lapsed: Spans
    own: set[int]
    deleted: set[int]
    hidden: set[int]
    seen: int
    floor: int

    @property
    def unread(self) -> int:
        """The definition, entry by entry."""
        gone = self.away + self.lapsed
        return sum(
            seq not in self.own | self.deleted | self.hidden and not any(low <= seq <= high for low, high in gone)
            for seq in range(max(self.seen, self.floor) + 1, HEAD + 1)
        )

    def write(self, people: Cast, conv: str) -> None:
        write(conv, people.alice, HEAD)
        log = Message.objects.filter(conversation=conv)
        log.filter(seq__in=self.own).update(sender=people.bob.user)
        log.filter(seq__in=self.deleted).update(deleted_at=timezone.now())
        Conversation.objects.filter(id=conv).update(floor_seq=self.floor)
        bobs = {"conversation_id": conv, "user": people.bob.user}
        Watermark.objects.filter(**bobs).update(delivered_seq=self.seen, seen_seq=self.seen)
        for seq in self.hidden:
            Hidden.objects.create(seq=seq, rev=1, **bobs)
        for first, last in self.lapsed:
            Lapse.objects.create(from_seq=first, upto_seq=last, at=timezone.now(), **bobs)
        first = 1
        for low, high in self.away:
            Membership.objects.filter(left_seq=None, **bobs).update(left_seq=low - 1)
            first = high + 1
            Membership.objects.create(visible_from_seq=first, **bobs)


seqs = st.integers(1, HEAD)


@st.composite
def spans(draw: st.DrawFn, apart: int) -> Spans:
    """Ascending; `apart`: the least distance of one's end from the next one's start."""
    found: Spans = []
    for edge in sorted(draw(st.lists(st.tuples(seqs, seqs).map(lambda pair: (min(pair), max(pair))), max_size=3))):
        if not found or edge[0] >= found[-1][1] + apart:
            found.append(edge)
    return found


histories = st.builds(
    History,
    # Removed the moment they came back: a stay without an entry.
    away=spans(apart=1),
    lapsed=spans(apart=1),
    own=st.sets(seqs, max_size=6),
    deleted=st.sets(seqs, max_size=4),
    hidden=st.sets(seqs, max_size=4),
    seen=st.integers(0, HEAD),
    floor=st.integers(0, 5),
)


def told(person: Person) -> int:
    with connection.cursor() as cursor:
        cursor.execute(CONVERSATIONS, [person.device_id, person.id, None, None])
        [row] = cursor.fetchall()
    return int(row[-1])


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories)
def test_unread_is_counted_by_its_definition(people: Cast, history: History) -> None:
    with transaction.atomic():
        conv = make_direct(people.alice, people.bob)
        history.write(people, conv)
        assert told(people.bob) == history.unread
        transaction.set_rollback(True)


def test_a_thousand_are_enough(people: Cast, conv: str) -> None:
    write(conv, people.alice, 1_100)
    Hidden.objects.create(conversation_id=conv, user=people.bob.user, seq=1_100, rev=1)
    assert told(people.bob) == 1_000


def test_own_entries_in_between_do_not_use_up_the_thousand(people: Cast, conv: str) -> None:
    write(conv, people.alice, 10)
    write(conv, people.bob, 1_200)
    write(conv, people.alice, 5)
    assert told(people.bob) == 15
