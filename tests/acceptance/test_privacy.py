"""Whole processes: what is read in private is in no frame of anyone else; and what a password ends."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.conftest import Cast
from tests.acceptance.people import SignedIn
from tests.acceptance.phone import Phone
from tests.acceptance.scripts import asked
from tests.acceptance.servers import PASSWORD, House
from tests.acceptance.wire import connect

pytestmark = pytest.mark.acceptance


@pytest.fixture(
    scope="module",
    params=[
        pytest.param({}, marks=pytest.mark.xdist_group("privacy-hints")),
        pytest.param({"MESSENGER_DROP_LAYER": "1"}, marks=pytest.mark.xdist_group("privacy-no-hints")),
    ],
    ids=["hints", "no hints"],
)
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    with House(web=2, environment=request.param) as house:
        yield house


class Witness(Phone):
    """Keeps every frame."""

    def __init__(self, address: str, who: SignedIn, **more: Any) -> None:
        super().__init__(address, who, **more)
        self.frames: list[dict[str, Any]] = []

    def _receive(self, frame: dict[str, Any]) -> None:
        self.frames.append(frame)
        super()._receive(frame)

    def learned(self, of: SignedIn) -> int:
        """How far someone has seen, by anything this phone was ever told."""
        return max(_seen_in(self.frames, of.user), default=0)


def _seen_in(what: Any, user: str) -> Iterator[int]:
    """In whatever shape: an acknowledgement, a member, a line of message info."""
    if isinstance(what, list):
        for each in what:
            yield from _seen_in(each, user)
    elif isinstance(what, dict):
        if what.get("sender_id") == user and what.get("type") == "SEEN":
            yield what["seq"]
        if what.get("id") == user:
            yield what.get("seen", 0) or 0
            yield 1_000_000 if what.get("seen_at") else 0
        for each in what.values():
            yield from _seen_in(each, user)


async def switch(house: House, who: SignedIn, on: bool) -> None:
    await asyncio.to_thread(asked, house, who, "/account", {"read_receipts": on}, "PATCH")


async def test_what_is_read_in_private_is_in_no_frame_of_anyone_else(house: House, cast: Cast) -> None:
    """bob has read receipts off: alice is told nothing, nor is he of her, nor a device of hers that comes later; his
    other device is told, and when he switches them on, she is."""
    here, there = house.addresses
    await switch(house, cast.bob, on=False)
    tablet = await asyncio.to_thread(house.sign_in, cast.bob.username)
    async with Witness(here, cast.alice, sees=True) as alice, Witness(there, cast.bob, sees=True) as bob:
        conv = await alice.open(cast.bob.username)
        for number in range(1, 11):
            (alice if number % 2 else bob).send(conv, f"hello {number}")
            for each in (alice, bob):
                await each.until(lambda each=each, number=number: each.store.received(conv) == number)
        async with Witness(here, tablet) as other:
            # What was read has gone all the way: the tick before it, and one's own devices.
            await other.until(lambda: other.learned(cast.bob) == 10)
        await alice.until(lambda: alice.ticks.get((conv, cast.bob.user, "DELIVERED"), 0) >= 9)
        await bob.until(lambda: bob.ticks.get((conv, cast.alice.user, "DELIVERED"), 0) >= 10)
        for asking in (alice, bob):
            for seq in (9, 10):
                await asking.ask({"t": "info", "conv": conv, "seq": seq}, "info")
            await asking.ask({"t": "sync"}, "sync")
        laptop = await asyncio.to_thread(house.sign_in, cast.alice.username)
        async with Witness(there, laptop) as later:
            await later.until(lambda: conv in later.conversations)
            assert later.learned(cast.bob) == 0 and later.learned(cast.alice) == 10
        assert alice.learned(cast.bob) == 0 and bob.learned(cast.alice) == 0
        await switch(house, cast.bob, on=True)
        await alice.until(lambda: alice.learned(cast.bob) == 10)
        await bob.until(lambda: bob.learned(cast.alice) == 10)


async def test_a_changed_password_ends_the_other_sockets_and_nothing_that_waits(house: House, cast: Cast) -> None:
    here, there = house.addresses
    tablet = await asyncio.to_thread(house.sign_in, cast.bob.username)
    async with Phone(here, cast.bob) as phone, Phone(there, tablet) as other, Phone(here, cast.alice) as alice:
        conv = await alice.open(cast.bob.username)
        alice.send(conv, "hello")
        for each in (phone, other):
            await each.until(lambda each=each: each.store.received(conv) == 1)
        passwords = {"old": PASSWORD, "new": "an even longer secret of mine"}
        await asyncio.to_thread(asked, house, cast.bob, "/account/password", passwords)
        await other.until(lambda: 4401 in other.closes)
        async with connect(there, tablet, hello=False) as again:
            assert await again.closed() == 4401
        waiting = other.send(conv, "written too late")
        alice.send(conv, "are you there?")
        await phone.until(lambda: phone.store.received(conv) == 2)
        assert not phone.closes and other.store.received(conv) == 1
        assert [item["client_id"] for item in other.store.outbox] == [waiting]
