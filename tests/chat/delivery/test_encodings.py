"""A room in which sockets speak different encodings: each is told the same, encoded once for all that speak alike."""

from collections import Counter
from typing import Any

import pytest

from chat.delivery.hub import Hub
from chat.delivery.session import Session
from chat.protocol import codec_json, codec_proto, packed
from chat.protocol.codec import JSON, Codec
from chat.protocol.frames import Entry
from chat.protocol.packed import Packed, pack
from tests.chat.delivery.paper import cursor_of, frames, new_session, summary

CONV = "0199c1f0-6b00-7c0e-8f00-0000000c0e5a"
ALICE, BOB = "0199c1f0-5a00-7a11-8ce0-00000000a11c", "0199c1f0-5a00-7b0b-8b0b-000000000b0b"
CODECS: tuple[Codec, ...] = (codec_json, codec_proto)


def entry(seq: int, body: str = "hi") -> Entry:
    return Entry(seq=seq, id=CONV, sender=ALICE, client_id=f"a{seq}", body=body, at=1_790_000_000_000)


def entered(hub: Hub, user: str, codec: Codec) -> Session:
    session = new_session(user, codec=codec)
    hub.arrive(session)
    found = summary(CONV, 0)
    hub.enter(session, found, cursor_of(found))
    session.begin(0)
    session.shows_presence = True
    return session


@pytest.fixture
def hub() -> Hub:
    wanted: list[str] = []
    return Hub(wanted.append, wanted.append)


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often something was encoded, by function."""
    counts: Counter[str] = Counter()

    def count(module: Any, name: str) -> None:
        real = getattr(module, name)
        key = f"{module.__name__.rpartition('.')[2]}.{name}"

        def counted(*arguments: Any) -> Any:
            counts[key] += 1
            return real(*arguments)

        monkeypatch.setattr(module, name, counted)

    for module, name in ((packed, "to_json"), (packed, "_wire"), *((each, "messages_frame") for each in CODECS)):
        count(module, name)
    for each in CODECS:
        count(each, "encode")
    return counts


def bodies(session: Session) -> list[str]:
    return [each["body"] for frame in frames(session) if frame["t"] == "messages" for each in frame["entries"]]


def test_everyone_is_told_the_same_and_it_is_encoded_once(hub: Hub, encoded: Counter[str]) -> None:
    sessions = [entered(hub, user, codec) for user in (ALICE, BOB) for codec in CODECS * 2]
    encoded.clear()
    hub.deliver(CONV, 1, [pack(entry(1)), pack(entry(2))])
    assert [bodies(session) for session in sessions] == [["hi", "hi"]] * 8
    twice = {"packed.to_json": 2, "packed._wire": 2}
    assert encoded == twice | {"codec_json.messages_frame": 1, "codec_proto.messages_frame": 1}
    encoded.clear()
    hub.typing(CONV, 1, BOB)
    told = [[frame["user"] for frame in frames(session) if frame["t"] == "typing"] for session in sessions]
    assert told == [[BOB]] * 4 + [[]] * 4
    assert encoded == {"codec_json.encode": 1, "codec_proto.encode": 1}


@pytest.mark.parametrize("codec", CODECS, ids=["json", "proto"])
def test_what_nobody_speaks_is_not_encoded(hub: Hub, encoded: Counter[str], codec: Codec) -> None:
    entered(hub, ALICE, codec)
    encoded.clear()
    hub.deliver(CONV, 1, [pack(entry(1))])
    of_it = {"packed.to_json", "codec_json.messages_frame"}, {"packed._wire", "codec_proto.messages_frame"}
    assert set(encoded) == of_it[codec is codec_proto]


def test_what_another_process_hinted_at_is_told_in_both(hub: Hub) -> None:
    sessions = [entered(hub, BOB, codec) for codec in CODECS]
    hub.deliver(CONV, 1, [Packed(1, pack(entry(1, "from afar")).text, 5)])
    assert [bodies(session) for session in sessions] == [["from afar"]] * 2


def test_frames_are_cut_where_each_encoding_needs_it_and_nothing_is_left_out(hub: Hub) -> None:
    sessions = {codec: entered(hub, BOB, codec) for codec in CODECS}
    hub.deliver(CONV, 1, [pack(entry(seq, f"{seq} " + "x" * 4_000)) for seq in range(1, 41)])
    assert all([int(body.split()[0]) for body in bodies(each)] == list(range(1, 41)) for each in sessions.values())
    # Characters may be four bytes each; bytes are bytes.
    assert len(frames(sessions[codec_proto])) < len(frames(sessions[JSON]))


def test_who_knows_some_of_it_already_is_told_the_rest(hub: Hub) -> None:
    for codec in CODECS:
        session = entered(hub, BOB, codec)
        hub.deliver(CONV, 1, [pack(entry(seq)) for seq in (1, 2, 3)], {session: {2}})
        seqs = [each["seq"] for frame in frames(session) if frame["t"] == "messages" for each in frame["entries"]]
        assert seqs == [1, 3]
        hub.leave(session)
