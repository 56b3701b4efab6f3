"""The four kinds of client_id: their form, that they differ, that the sorted ones rise, that the server takes them."""

import re
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from chat.protocol.frames import ClientId
from messenger_client import ids, protocol
from tests.messenger_client.shared import cases

KINDS: dict[str, Any] = {"ulid": ids.ulid, "uuid4": ids.uuid4, "uuid7": ids.uuid7, "snowflake": ids.Snowflake(7)}
server = TypeAdapter(ClientId)


@pytest.mark.parametrize("case", cases("client_ids"), ids=lambda case: case["client_id"])
def test_composite_ids_as_the_browser_makes_them(case: dict[str, Any]) -> None:
    assert ids.composite(case["device"], case["counter"], case["now"]) == case["client_id"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_are_alike_and_the_server_takes_them(kind: str) -> None:
    made = [KINDS[kind]() for _ in range(2_000)]
    assert len(set(made)) == len(made)
    assert all(server.validate_python(each) == each and protocol.is_client_id(each) for each in made)


def test_a_ulid_is_its_time_and_then_chance() -> None:
    before = ids.now_ms()
    made = ids.ulid()
    assert re.fullmatch("[0-7][0-9A-HJKMNP-TV-Z]{25}", made)
    number = 0
    for character in made:
        number = number << 5 | "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(character)
    assert before <= number >> 80 <= ids.now_ms()


def test_uuids_are_of_their_version() -> None:
    before = ids.now_ms()
    four, seven = uuid.UUID(ids.uuid4()), uuid.UUID(ids.uuid7())
    assert (four.version, four.variant) == (4, uuid.RFC_4122)
    assert (seven.version, seven.variant) == (7, uuid.RFC_4122)
    assert before <= seven.int >> 80 <= ids.now_ms()


@given(st.lists(st.integers(ids.SNOWFLAKE_EPOCH_MS, ids.SNOWFLAKE_EPOCH_MS + 2**41 - 10), min_size=1, max_size=50))
def test_a_snowflake_rises_whatever_the_clock_does(times: list[int]) -> None:
    clock = iter(times)
    make = ids.Snowflake(machine=1023, clock=lambda: next(clock))
    made = [int(make()) for _ in times]
    assert made == sorted(set(made))
    assert all(each >> 12 & 1023 == 1023 and each < 2**63 for each in made)


def test_a_snowflake_that_used_up_its_millisecond_borrows_from_the_next() -> None:
    make = ids.Snowflake(machine=0, clock=lambda: ids.SNOWFLAKE_EPOCH_MS + 5)
    made = [int(make()) for _ in range(5_000)]
    assert (made[0] >> 22, made[4095] >> 22, made[4096] >> 22) == (5, 5, 6)
    assert len(set(made)) == 5_000


@pytest.mark.parametrize("machine", [-1, 1024])
def test_a_machine_has_ten_bits(machine: int) -> None:
    with pytest.raises(ValueError, match="0 to 1023"):
        ids.Snowflake(machine)
