"""What is found is what visibility allows and the words say: against a count by hand over whole logs at random."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from chat.log import search
from chat.log.pool import Database
from chat.log.refusal import Refusal
from chat.log.search import Hit
from chat.models import Conversation, Hidden, Membership, Message
from chat.policy import search as rules
from chat.policy.search import Cursor, Depth
from chat.protocol.errors import ErrorCode
from receipts.models import Lapse
from tests.cast import Cast, Person, make_direct
from tests.log import write
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]

WORDS = ("apple", "Apfel", "appetite", "ok", "Straße", "你好世界", "don't", "👍", "2026", "привет")
# Query, and what of a text has it: as people mean it.
QUERIES = {
    "app": lambda text: any(word.startswith("app") for word in text.split()),
    "APPLE": lambda text: "apple" in text.split(),
    "apple apfel": lambda text: {"apple", "apfel"} <= set(text.split()),
    "ok": lambda text: "ok" in text.split(),
    "straße ok": lambda text: {"straße", "ok"} <= set(text.split()),
    "好世": lambda text: "好世" in text,
    "DON'T": lambda text: "don't" in text,
    "👍 apple": lambda text: "👍" in text and "apple" in text.split(),
    "202": lambda text: "2026" in text,
    "рив": lambda text: "рив" in text,
    "petit": lambda text: "petit" in text,
    "o": lambda text: "o" in text,
    "nowhere": lambda text: False,
}


class World:
    """Some conversations at random: who may read what of them changes all the time."""

    def __init__(self, people: Cast, seed: int) -> None:
        self.dice = random.Random(seed)
        self.people = people
        self.now = timezone.now() - timedelta(days=50)
        self.convs = [self._group(n) for n in range(4)]
        self.convs.append(make_direct(people.alice, people.bob))
        for _ in range(160):
            self._step()

    def _group(self, n: int) -> str:
        made = Conversation.objects.create(kind="group", title=str(n))
        for person in (self.people.alice, self.people.carol):
            Membership.objects.create(conversation=made, user=person.user)
        return str(made.id)

    def _step(self) -> None:
        # Often within the time by which clocks may differ.
        self.now += timedelta(seconds=self.dice.choice((0, 1, 5, 3_600)))
        conv = self.dice.choice(self.convs)
        head = Conversation.objects.get(id=conv).last_seq
        act = self.dice.random()
        if act < 0.7 or not head:
            body = " ".join(self.dice.sample(WORDS, self.dice.randint(1, 3)))
            write(conv, self.people.carol, body=body, at=self.now - timedelta(seconds=self.dice.randint(0, 4)))
        elif act < 0.8:
            self._come_or_go(conv, head)
        elif act < 0.86:
            self._lapse(conv, head)
        elif act < 0.93:
            seq = self.dice.randint(1, head)
            Hidden.objects.get_or_create(conversation_id=conv, user=self.people.bob.user, seq=seq, defaults={"rev": 1})
        elif act < 0.98:
            gone = Message.objects.filter(conversation_id=conv, seq=self.dice.randint(1, head))
            gone.update(deleted_at=self.now, body="")
        else:
            floor = self.dice.randint(0, head // 4)
            Conversation.objects.filter(id=conv, floor_seq__lt=floor).update(floor_seq=floor)

    def _come_or_go(self, conv: str, head: int) -> None:
        stay = Membership.objects.filter(conversation_id=conv, user=self.people.bob.user, left_seq=None)
        if not stay.update(left_seq=head):
            first = self.dice.randint(1, head + 1) if self.dice.random() < 0.3 else head + 1
            Membership.objects.create(conversation_id=conv, user=self.people.bob.user, visible_from_seq=first)

    def _lapse(self, conv: str, head: int) -> None:
        first = self.dice.randint(1, head)
        last = min(head, first + self.dice.randint(0, 5))
        known = {"conversation_id": conv, "user": self.people.bob.user, "from_seq": first}
        Lapse.objects.get_or_create(**known, defaults={"upto_seq": last, "at": self.now})

    def readable(self, person: Person) -> list[Message]:
        """By the rules as people are told them, newest first."""
        stays = list(Membership.objects.filter(user=person.user))
        present = {stay.conversation_id for stay in stays if stay.left_seq is None}
        lapses = list(Lapse.objects.filter(user=person.user))
        hidden = set(Hidden.objects.filter(user=person.user).values_list("conversation_id", "seq"))
        floors = dict(Conversation.objects.values_list("id", "floor_seq"))

        def may(entry: Message) -> bool:
            conv, seq = entry.conversation_id, entry.seq
            return (
                conv in present
                and any(
                    stay.conversation_id == conv
                    and stay.visible_from_seq <= seq <= (entry.seq if stay.left_seq is None else stay.left_seq)
                    for stay in stays
                )
                and not any(
                    lapse.conversation_id == conv and lapse.from_seq <= seq <= lapse.upto_seq for lapse in lapses
                )
                and (conv, seq) not in hidden
                and seq > floors[conv]
                and entry.deleted_at is None
            )

        return [entry for entry in Message.objects.order_by("-id") if may(entry)]


async def everything(database: Database, person: Person, query: str, limit: int, conv: str | None = None) -> list[Hit]:
    """All pages."""
    hits: list[Hit] = []
    cursor: Cursor | None = None
    for _ in range(500):
        found = await search.search(database, person.id, query, conv, cursor, limit)
        assert len(found.hits) <= limit
        hits += found.hits
        cursor = found.next
        if cursor is None:
            return hits
    raise AssertionError("it never ends")


@pytest.mark.parametrize("seed", range(4))
async def test_it_finds_what_one_may_read_and_nothing_else(
    database: Database, people: Cast, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For who comes and goes, for who was always there, and for who never was; whatever the windows are."""
    world = await in_thread(World, people, seed)
    if seed % 2:
        monkeypatch.setattr(rules, "BY_INDEX", Depth(10, (3, 5)))
        monkeypatch.setattr(rules, "BY_TEXT", Depth(2, (4,)))
    met = 0
    for person in (people.bob, people.alice, people.mallory):
        may = await in_thread(world.readable, person)
        for query, has in QUERIES.items():
            hits = await everything(database, person, query, world.dice.choice((1, 2, 7, 50)))
            expected = [(str(each.conversation_id), each.seq) for each in may if has(each.body.lower())]
            assert [(hit.conv, hit.entry["seq"]) for hit in hits] == expected, (person.user.username, query)
            met += len(hits)
    assert met > 100


async def test_within_one_conversation(database: Database, people: Cast, conv: str) -> None:
    other = await in_thread(make_direct, people.alice, people.carol)
    for each in (conv, other):
        await in_thread(write, each, people.alice, 3, "lunch")
    hits = await everything(database, people.alice, "lunch", 2, conv)
    # They were written by hand in one moment, in which their ids are in no order.
    assert sorted((hit.conv, hit.entry["seq"]) for hit in hits) == [(conv, seq) for seq in (1, 2, 3)]
    assert {hit.conv for hit in hits} == {conv}
    assert len(await everything(database, people.alice, "lunch", 2)) == 6


@pytest.mark.parametrize("conv_of", ["theirs", "nobody's"])
async def test_a_conversation_that_is_not_ones_own_is_not_there(
    database: Database, people: Cast, conv: str, conv_of: str
) -> None:
    asked = conv if conv_of == "theirs" else "0190aaaa-0000-7000-8000-000000000000"
    with pytest.raises(Refusal) as refused:
        await search.search(database, people.mallory.id, "hi", asked, None, 10)
    assert refused.value.code is ErrorCode.NOT_FOUND


async def test_what_is_edited_is_found_as_it_is_now(database: Database, people: Cast, conv: str) -> None:
    await in_thread(write, conv, people.alice, 1, "breakfast")
    await in_thread(lambda: Message.objects.update(body="supper"))
    assert not await everything(database, people.bob, "breakfast", 5)
    [hit] = await everything(database, people.bob, "supper", 5)
    assert hit.entry["body"] == "supper"


async def test_what_takes_too_long_is_refused(
    database: Database, people: Cast, conv: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every statement has a limit, so a search that finds no end does not keep a connection."""
    await in_thread(write, conv, people.alice, 3, "hi")
    monkeypatch.setattr(search, "STATEMENT_MS", 1)
    monkeypatch.setattr(search, "PART", "AND strpos(lower(m.body), %(part{n})s) > 0 AND pg_sleep(1) IS NOT NULL")
    with pytest.raises(Refusal) as refused:
        await search.search(database, people.alice.id, "👍", None, None, 10)
    assert refused.value.code is ErrorCode.SEARCH_TOO_BROAD


def test_the_index_is_used(people: Cast, conv: str, dsn: str) -> None:
    """By its conditions and no other: among 6,000 entries, of which most have the word."""
    _fill(conv, people.alice, 6_000)
    plan = _plan(dsn, people.alice.id, "lunch", [(conv, 5_120, 6_000)])
    nodes = list(_nodes(plan))
    assert [node["Index Name"] for node in nodes if node["Node Type"] == "Bitmap Index Scan"] == ["chat_message_search"]
    assert "Seq Scan" not in {node["Node Type"] for node in nodes}
    # One block's entries of six.
    [scan] = [node for node in nodes if node["Node Type"] == "Bitmap Index Scan"]
    assert scan["Actual Rows"] <= 1_024


def _fill(conv: str, person: Person, count: int, body: str = "lunch at noon") -> None:
    begin: datetime = timezone.now() - timedelta(days=1)
    for n in range(0, count, 1_000):
        write(conv, person, 1_000, body, begin + timedelta(seconds=n))


def _plan(dsn: str, user: str, query: str, found: list[tuple[str, int, int]]) -> dict[str, Any]:
    import psycopg

    asked = search._Search(None, user, rules.words_of(query), Cursor(UUID(int=2**127).int), 20)  # type: ignore[arg-type]
    parameters = asked._fixed | search._of([rules.Piece(*each) for each in found])
    with psycopg.connect(dsn) as connection:
        connection.execute(search.SETTINGS, ["60000"])
        row = connection.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + asked._query, parameters).fetchone()
        assert row is not None
        plan: dict[str, Any] = row[0][0]["Plan"]
        return plan


def _nodes(plan: dict[str, Any]) -> Any:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)
