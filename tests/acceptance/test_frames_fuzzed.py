"""Frames made at random, right ones and broken ones, in both encodings, against a real server: it answers or closes
with a code that is told, writes no trace, and nobody else notices. More of it by `make fuzz` (FUZZ_CASES)."""

import asyncio
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.protocol.errors import CloseCode, ErrorCode
from chat.protocol.frames import PROTO_SUBPROTOCOL, SUBPROTOCOL
from tests.acceptance.conftest import enrol_cast, one_server
from tests.acceptance.encoding import ENCODINGS
from tests.acceptance.people import SignedIn
from tests.acceptance.servers import House
from tests.acceptance.wire import Wire, connect
from tests.chat.protocol.strategies import client_frames

pytestmark = pytest.mark.acceptance

CASES = int(os.environ.get("FUZZ_CASES", "15"))
KNOWN = {int(code) for code in CloseCode}
CODES = {code.value for code in ErrorCode}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture(scope="session", params=one_server("house"))
def house(request: pytest.FixtureRequest, houses: Any) -> House:
    return houses(request.param)  # type: ignore[no-any-return]


@st.composite
def bent(draw: st.DrawFn) -> dict[str, Any]:
    """A frame with some of its fields something else."""
    frame = dict(draw(client_frames))
    for name in draw(st.sets(st.sampled_from(sorted(frame)), max_size=2)):
        frame[name] = draw(anything)
    return frame


@st.composite
def cut(draw: st.DrawFn, subprotocol: str) -> str | bytes:
    """What was a frame, with a piece in the middle gone or repeated."""
    whole = ENCODINGS[subprotocol].write(draw(client_frames))
    first, last = sorted(draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    return whole[:first] + whole[last:] if draw(st.booleans()) else whole[:last] + whole[first:]


def said(subprotocol: str) -> st.SearchStrategy[list[Any]]:
    kinds: list[st.SearchStrategy[Any]] = [client_frames, cut(subprotocol)]
    kinds += [bent(), st.text(max_size=60)] if subprotocol == SUBPROTOCOL else [st.binary(max_size=60)]
    return st.lists(st.one_of(kinds), min_size=1, max_size=12)


async def _tell(house: House, who: SignedIn, other: Wire, conv: str, subprotocol: str, things: list[Any]) -> None:
    async with connect(house.addresses[0], who, subprotocol=subprotocol) as wire:
        try:
            for n, thing in enumerate(things):
                # A hello in the middle is a fault of its own; every second one is about a chat that is there.
                if isinstance(thing, dict) and n % 2 and isinstance(thing.get("conv"), str):
                    thing = thing | {"conv": conv}
                await wire.say(thing)
            assert await wire.still_works()
        except Exception:
            code = await wire.closed()
            assert code in KNOWN or code in (1002, 1003, 1007), code
        codes = {frame["code"] for frame in wire.of("error")}
        assert codes <= CODES and ErrorCode.INTERNAL.value not in codes
    assert await other.still_works()


@pytest.mark.parametrize("subprotocol", [SUBPROTOCOL, PROTO_SUBPROTOCOL])
def test_whatever_is_said_the_server_stays_sound(house: House, subprotocol: str) -> None:
    cast = enrol_cast(house)
    before = {name: house.log_size(name) for name in ("web-1", "web-2")}
    with asyncio.Runner() as runner:
        other_context = connect(house.addresses[0], cast.bob)
        other = runner.run(_enter(other_context))
        conv = runner.run(other.open(cast.alice.username))

        @settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(said(subprotocol))
        def fuzz(things: list[Any]) -> None:
            runner.run(_tell(house, cast.alice, other, conv, subprotocol, things))

        fuzz()
        runner.run(other_context.__aexit__(None, None, None))
    for name, size in before.items():
        log = house.log(name, size)
        assert "Traceback" not in log and "socket failed" not in log, log[-4_000:]


async def _enter(context: Any) -> Wire:
    entered: Wire = await context.__aenter__()
    return entered
