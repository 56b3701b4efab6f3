"""Passing a horizon: the device's own claims first, then its cursor rises, and what it had is not lost again."""

import pytest
from django.db import DatabaseError

from chat.inbox.horizons import Reset, pass_horizons
from chat.models import Inbox, Membership
from receipts.models import Watermark
from tests.cast import Cast
from tests.log import write
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]


def cursor(conv: str, people: Cast) -> int:
    return Inbox.objects.get(conversation_id=conv, device=people.bob.device).received_seq


def delivered(conv: str, people: Cast) -> int:
    return Watermark.objects.get(conversation_id=conv, user=people.bob.user).delivered_seq


@pytest.fixture
def written(people: Cast, conv: str) -> str:
    write(conv, people.alice, 9)
    return conv


async def test_the_cursor_rises_to_the_horizon_and_the_tick_does_not(people: Cast, written: str) -> None:
    """Nobody has taken what expired: the other person must not be told so."""
    await in_thread(pass_horizons, people.bob.device_id, [Reset(written, 0, 6)])
    assert (await in_thread(cursor, written, people), await in_thread(delivered, written, people)) == (6, 0)


async def test_what_the_device_says_to_have_counts_first(people: Cast, written: str) -> None:
    await in_thread(pass_horizons, people.bob.device_id, [Reset(written, 4, 6)])
    assert (await in_thread(cursor, written, people), await in_thread(delivered, written, people)) == (6, 4)


async def test_a_cursor_above_stays(people: Cast, written: str) -> None:
    await in_thread(pass_horizons, people.bob.device_id, [Reset(written, 8, 8)])
    await in_thread(pass_horizons, people.bob.device_id, [Reset(written, 2, 6)])
    assert (await in_thread(cursor, written, people), await in_thread(delivered, written, people)) == (8, 8)


async def test_a_claim_beyond_the_head_is_no_claim_to_it(people: Cast, written: str) -> None:
    await in_thread(pass_horizons, people.bob.device_id, [Reset(written, 2**62, 6)])
    assert (await in_thread(cursor, written, people), await in_thread(delivered, written, people)) == (9, 9)


async def test_twice_is_once(people: Cast, written: str) -> None:
    for _ in range(2):
        await in_thread(pass_horizons, people.bob.device_id, [Reset(written, 0, 6)])
    assert await in_thread(Inbox.objects.filter(device=people.bob.device).count) == 1


async def test_who_has_left_claims_nothing(people: Cast, written: str) -> None:
    await in_thread(Membership.objects.filter(user=people.bob.user).update, left_seq=9)
    await in_thread(pass_horizons, people.bob.device_id, [Reset(written, 4, 6)])
    assert await in_thread(delivered, written, people) == 0


async def test_when_it_cannot_be_written_nothing_is(people: Cast, written: str) -> None:
    absent = "0190aaaa-0000-7000-8000-000000000000"
    with pytest.raises(DatabaseError):
        await in_thread(pass_horizons, people.bob.device_id, [Reset(written, 4, 6), Reset(absent, 0, 6)])
    assert await in_thread(delivered, written, people) == 0
    assert not await in_thread(Inbox.objects.filter(device=people.bob.device).exists)
