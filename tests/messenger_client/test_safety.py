"""Blocking and reporting through the client, against a whole messenger."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from messenger_client import MessageFailed, Refused, Status
from messenger_client.model import Person
from tests.acceptance.conftest import Cast, one_server
from tests.acceptance.servers import House
from tests.messenger_client.people import program

pytestmark = pytest.mark.acceptance

REPORTS = """
SELECT subject_id::text, seq, reason, note, jsonb_array_length(context) FROM chat_report
WHERE reporter_id = %s ORDER BY created_at
"""


@pytest.fixture(scope="session", params=one_server("house"))
def house(request: pytest.FixtureRequest, houses: Callable[..., House]) -> House:
    return houses(request.param)


async def test_who_is_blocked_is_refused_until_they_are_not(house: House, cast: Cast, tmp_path: Path) -> None:
    bob = Person(cast.bob.user, cast.bob.username, cast.bob.username.capitalize())
    async with (
        program(house, cast.alice.username, tmp_path / "alice") as alice,
        program(house, cast.bob.username, tmp_path / "bob") as other,
    ):
        chat = await other.client.open(cast.alice.username)
        await (await other.client.send(chat, "hello")).reached(Status.SENT, 30)
        await alice.client.safety.block(bob)
        await alice.client.safety.block(bob)
        assert await alice.client.safety.blocked() == [bob]
        with pytest.raises(MessageFailed) as failed:
            await (await other.client.send(chat, "are you there?")).reached(Status.SENT, 30)
        assert failed.value.code == "USER_BLOCKED"
        assert (await other.client.message(chat, 1)).body == "hello"  # type: ignore[union-attr]
        # Only one's own blocks are told.
        assert await other.client.safety.blocked() == []
        await alice.client.safety.unblock(bob)
        assert await alice.client.safety.blocked() == []
        await (await other.client.send(chat, "and now?")).reached(Status.SENT, 30)


async def test_a_report_is_made_once_and_of_what_one_may_read(house: House, cast: Cast, tmp_path: Path) -> None:
    async with (
        program(house, cast.alice.username, tmp_path / "alice") as alice,
        program(house, cast.bob.username, tmp_path / "bob") as bob,
        program(house, cast.mallory.username, tmp_path / "mallory") as mallory,
    ):
        chat = await bob.client.open(cast.alice.username)
        await (await bob.client.send(chat, "buy this")).reached(Status.SENT, 30)
        await alice.hears("buy this")
        message = await alice.client.message(chat, 1)
        assert message is not None
        for _ in range(2):
            await alice.client.safety.report(message, "spam", note="every day", client_id="report-1")
        await alice.client.safety.report(chat, "abuse")
        with psycopg.connect(house.dsn) as connection:
            rows = connection.execute(REPORTS, [cast.alice.user]).fetchall()
        assert rows == [(cast.bob.user, 1, "spam", "every day", 1), (cast.bob.user, None, "abuse", "", 1)]
        for attempt in (
            mallory.client.safety.report(message, "spam"),
            alice.client.safety.report(chat, "abuse", client_id="report-1"),
        ):
            with pytest.raises(Refused) as refused:
                await attempt
            assert refused.value.code in ("NOT_FOUND", "IDEMPOTENCY_CONFLICT")
