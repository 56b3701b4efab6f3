"""Which bucket each kind of frame takes from: with that one empty it is put off, and nothing else is."""

from typing import Any, get_args
from uuid import uuid4

import pytest
from pytest_django import Settings

from chat.delivery.runtime import Runtime
from chat.policy.rate import Rate
from chat.protocol.frames import ClientFrame
from chat.quota.kinds import What
from tests.acceptance.test_blocked import NAMING_PEOPLE
from tests.acceptance.test_matrix import CASES
from tests.acceptance.world import Named
from tests.cast import Cast
from tests.chat.process import Client
from tests.waiting import until

pytestmark = [pytest.mark.django_db(transaction=True)]

COUNTED: dict[What, set[str]] = {
    What.SENDS: {"send", "edit", "resend"},
    What.CONVERSATIONS: {"open", "create"},
    What.ACTS: {
        *("group", "add", "remove", "leave", "role", "mute", "invite", "revoke", "join"),
        *("block", "unblock", "delete"),
    },
    What.SYNC: {"fetch", "sync", "search", "info", "members", "blocks"},
    What.SEARCHES: {"search"},
    What.REPORTS: {"report"},
}
# Held by the frames a second of a connection alone: what it takes to be told of, or is cheap to answer.
NOT_COUNTED = {
    *("hello", "ping", "ack", "typing", "presence", "invites", "preview"),
}
EMPTY = Rate(1.0, 100_000.0)
# Bytes; shorter than any answer.
SHORT = Rate(20.0, 100_000.0)
# What is read, and the answer.
READING: dict[str, tuple[dict[str, Any], str]] = {
    "fetch": ({"from": 1, "to": 1}, "page"),
    "sync": ({}, "sync_done"),
    "search": ({"q": "hi"}, "found"),
    "info": ({"seq": 1}, "info"),
    "members": ({}, "roster"),
    "blocks": ({}, "blocks"),
}


def test_every_kind_of_frame_is_counted_or_said_not_to_be() -> None:
    kinds = {get_args(each.model_fields["t"].annotation)[0] for each in get_args(ClientFrame)}
    counted = set().union(*COUNTED.values())
    assert counted | NOT_COUNTED == kinds and not counted & NOT_COUNTED


@pytest.mark.parametrize("what", COUNTED)
async def test_what_is_too_much_is_put_off_and_the_rest_is_not(
    runtime: Runtime, people: Cast, settings: Settings, what: What
) -> None:
    settings.LIMITS = settings.LIMITS | {what.value: (EMPTY, None)}
    alice = Client(runtime, people.alice)
    await alice.hello()
    runtime.quotas.spend(what, people.alice.id, "", 2.0)
    conv, user, link, file = (str(uuid4()) for _ in range(4))
    named = Named(conv, 1, user, link, "x" * 43, file)
    for case in [case for cases in CASES.values() for case in cases]:
        await alice.say(case(named))
    for naming in NAMING_PEOPLE.values():
        await alice.say(naming(named, "nobody"))
    await alice.say({"t": "ping", "positions": []})
    await until(lambda: len(alice.of("pong")) == 2)
    await until(lambda: len(alice.acks("REJECTED")) + len(alice.of("retry")) >= len(CASES["send"]))
    late = [each for each in alice.of("error") if each["code"] == "RATE_LIMITED"]
    put_off = [each for each in alice.of("retry") if each["error_code"] == "RATE_LIMITED"]
    assert {each["ref"]["t"] for each in late} | {"send" for _ in put_off} == COUNTED[what]
    assert all(each["retry_after_ms"] > 1_000 for each in late + put_off)


@pytest.mark.parametrize("kind", sorted(COUNTED[What.SYNC]))
async def test_what_is_read_is_counted_by_its_length(
    runtime: Runtime, people: Cast, conv: str, settings: Settings, kind: str
) -> None:
    settings.LIMITS = settings.LIMITS | {"sync": (SHORT, None)}
    alice = Client(runtime, people.alice)
    await alice.hello()
    await alice.send(conv, "first")
    await until(lambda: alice.acks("ACCEPTED"))
    more, answer = READING[kind]
    frame = {"t": kind} | ({"conv": conv} if kind not in ("sync", "blocks") else {}) | more
    await alice.say(frame)
    await alice.told(answer)
    await alice.say(frame)
    assert (await alice.told("error"))["code"] == "RATE_LIMITED"
    assert len(alice.of(answer)) == 1
