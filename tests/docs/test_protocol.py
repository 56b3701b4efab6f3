"""docs/protocol.md is true: its examples run, its tables equal the code, nothing is missing and nothing invented."""

import asyncio
import inspect
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest
from django.conf import settings
from websockets.exceptions import InvalidStatus

from chat.api import handler, limits
from chat.api.document import document
from chat.api.statuses import STATUS
from chat.delivery import cursor, greeting, leases, outlet, presence, room, session, watchdog
from chat.inbox import sync
from chat.policy.backoff import DEFAULT_BACKOFF
from chat.policy.window import ContiguousCursor
from chat.protocol import frames, point
from chat.protocol.codec_json import decode
from chat.protocol.errors import CloseCode, ErrorCode
from chat.web import desk
from tests.acceptance.servers import PASSWORD, House
from tests.docs.examples import CLONE, CODE, DOCS, Example, examples, prose, rows, section
from tests.docs.shapes import Shapes
from tests.docs.talk import Talk, Talker

DOCUMENT = (DOCS / "protocol.md").read_text()
EXAMPLES = examples(DOCUMENT)
CLIENT = [example for example in EXAMPLES if example.side == "client"]
SERVER = [example.frame for example in EXAMPLES if example.side == "server"]
MODELS = {get_args(model.model_fields["t"].annotation)[0]: model for model in get_args(frames.ClientFrame)}
ACK_TYPES = {"ACCEPTED", "REJECTED", *get_args(frames.AckType), "FAILED"}

# What the second table of limits calls its values, and where they really are.
QUIET_LIMITS = {
    "window": session.WINDOW,
    "window full": watchdog.STALLED_S,
    "hello": watchdog.HELLO_S,
    "silence": watchdog.SILENT_S,
    "frames a second": desk.FRAMES_PER_S,
    "frames saved up": desk.FRAME_BURST,
    "frames above the limit": desk.FLOOD_FRAMES,
    "bad frames": desk.BAD_FRAMES,
    "waiting to be read": outlet.MAX_QUEUED_CHARS,
    "acknowledgements above a hole": inspect.signature(ContiguousCursor).parameters["limit"].default,
    "conversations in a page": greeting.CONVERSATIONS_PAGE,
    "revisions on their way": cursor.REV_WINDOW,
    "watches": presence.MOST_WATCHES,
    "sockets told of typing": room.CROWD,
    "places in a point": point.MAX_PLACES,
}


# The client's frames


@pytest.mark.parametrize("example", CLIENT, ids=lambda example: example.frame["t"])
def test_a_client_frame_is_understood_in_full(example: Example) -> None:
    frame = decode(example.text)
    assert frame.model_dump(by_alias=True, exclude_unset=True) == example.frame


def test_every_client_frame_is_shown_with_every_field() -> None:
    shown: dict[str, set[str]] = {}
    for example in CLIENT:
        shown.setdefault(example.frame["t"], set()).update(example.frame)
    fields = {t: {field.alias or name for name, field in model.model_fields.items()} for t, model in MODELS.items()}
    assert shown == fields
    inner = [place for example in CLIENT for place in example.frame.get("positions", [])]
    assert set().union(*inner) == set(frames.Place.model_fields)
    acks = [ack for example in CLIENT for ack in example.frame.get("acks", [])]
    assert set().union(*acks) == set(frames.Acknowledgment.model_fields)


# The server's frames


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with House() as house:
        yield house


@pytest.fixture(scope="module")
def talk(house: House) -> Talk:
    talk = Talk(house)
    asyncio.run(_strangers(house.addresses[0]))
    asyncio.run(talk.run())
    return talk


async def _strangers(address: str) -> None:
    nobody = await Talker.connect(address)
    assert nobody.socket.subprotocol == frames.SUBPROTOCOL
    assert await nobody.close_code() == CloseCode.AUTHENTICATION_FAILED
    with pytest.raises(InvalidStatus) as refused:
        await Talker.connect(address, origin="https://elsewhere.example")
    assert refused.value.response.status_code == 403


@pytest.mark.acceptance
@pytest.mark.xdist_group("docs")
def test_a_real_server_sends_what_the_examples_show(talk: Talk) -> None:
    documented, real = Shapes(SERVER), Shapes(talk.heard)
    assert documented.keys == real.keys
    assert documented.kinds == real.kinds


@pytest.mark.acceptance
@pytest.mark.xdist_group("docs")
def test_what_does_not_depend_on_the_day_is_the_same_to_the_letter(talk: Talk) -> None:
    constant = _by_kind(SERVER, "welcome", ("version", "heartbeat_ms", "limits"))
    assert constant == _by_kind(talk.heard, "welcome", ("version", "heartbeat_ms", "limits"))
    fields = ("code", "text", "retryable", "retry_after_ms")
    assert _by_kind(SERVER, "error", fields) == _by_kind(talk.heard, "error", fields)
    fields = ("error_code", "error_text", "retry_after_ms")
    assert _by_kind(SERVER, "retry", fields) == _by_kind(talk.heard, "retry", fields)


@pytest.mark.acceptance
@pytest.mark.xdist_group("docs")
def test_a_server_that_restarts_says_so_to_everyone(talk: Talk) -> None:
    assert sum(frame["t"] == "reconnect" for frame in talk.heard) == len(talk.close_codes) == 4
    assert not [code for code in talk.close_codes if code in range(4000, 4500)], "they must come back by themselves"


def _by_kind(told: list[dict[str, Any]], t: str, fields: tuple[str, ...]) -> set[str]:
    return {repr([frame[field] for field in fields]) for frame in told if frame["t"] == t}


def test_no_other_frame_is_written_anywhere_in_the_server() -> None:
    paths = [path for folder in ("chat", "receipts") for path in (CLONE / folder).rglob("*.py")]
    # What goes to push services is no frame.
    sources = [path.read_text() for path in paths if "chat/wakeup" not in path.as_posix()]
    written = {t for source in sources for t in re.findall(r'"t": ?"(\w+)"', source)}
    assert written == {frame["t"] for frame in SERVER}


def test_what_entries_changes_and_absences_may_hold_is_shown() -> None:
    def shown(thing: str) -> set[str]:
        paths = {path: keys for path, keys in Shapes(SERVER).keys.items() if path.split(".")[0] == thing}
        return {key for keys in paths.values() for each in keys for key in each}

    models = {"ENTRY": frames.Entry, "FILE": frames.Attachment, "CHANGE": frames.Changed, "ABSENCE": frames.Absence}
    assert {thing: shown(thing) for thing in models} == {name: set(it.__annotations__) for name, it in models.items()}


def test_every_reason_for_an_absence_is_told() -> None:
    assert {row[0] for row in rows(section(DOCUMENT, "messages")) if row[1]} >= set(get_args(frames.Why))


# Tables and words


def test_the_error_table_is_the_errors_module() -> None:
    table = {cells[0]: tuple(cells[1:3]) for cells in rows(section(DOCUMENT, "Codes"))}
    assert table == {code.value: (code.retry.value.replace("_", " "), code.text) for code in ErrorCode}


def test_the_close_codes_are_the_errors_module() -> None:
    table = {int(cells[0]): cells[1] for cells in rows(section(DOCUMENT, "Close codes"))}
    assert table == {int(code): code.name for code in CloseCode}
    assert all(4000 <= code < 5000 for code in table)


REST_LIMITS = {
    "body": handler.MAX_BODY_BYTES,
    "body awaited": handler.BODY_S,
    "requests a second": limits.REQUESTS_PER_S,
    "requests saved up": limits.REQUEST_BURST,
    "uploads at once": limits.MOST_WRITERS_EACH,
    "wrong passwords": limits.GUESS_BURST,
    "conversations in a page": greeting.CONVERSATIONS_PAGE,
    "messages in a page": frames.MAX_RANGE,
    "acknowledgements": frames.MAX_ACKS,
    "positions": frames.MAX_POSITIONS,
}
ROUTE = re.compile(r"(GET|HEAD|OPTIONS|POST|PUT|PATCH|DELETE) (/[^`\s]*)")


def test_every_route_is_told_and_no_other() -> None:
    rest = "".join(section(DOCUMENT, name) for name in ("Signing in", "Frames and routes", "Uploads and attachments"))
    there = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in document()["paths"].items()
        for method in methods
    }
    # Whole addresses stand in what is said by hand.
    told = {(method, path) for method, path in ROUTE.findall(rest) if not path.startswith("/api/")}
    assert told == there


@pytest.mark.acceptance
@pytest.mark.xdist_group("docs")
def test_a_message_is_sent_by_hand_as_told(house: House) -> None:
    if not house.is_running("web-1"):
        house.restart("web-1")
    house.enrol("anna", "bert")
    [script] = re.findall(r"```sh\n(.*?)```", section(DOCUMENT, "Signing in"), re.DOTALL)
    ours = script.replace("http://127.0.0.1:8000", house.address).replace("alice", "anna").replace("bob", "bert")
    done = subprocess.run(
        ["sh", "-eu", "-c", f"token=\n{ours}"],
        env={**os.environ, "password": PASSWORD},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    sent, synced = (json.loads("{" + part) for part in re.split(r"(?<=\})\{|^\{", done.stdout)[1:])
    assert (sent["type"], sent["seq"]) == ("ACCEPTED", 1)
    assert synced["messages"][0]["entries"][0]["body"] == "Hello from a shell."


def test_statuses_are_those_of_the_code() -> None:
    table = {int(cells[0]): set(re.findall(r"[A-Z_]{3,}", cells[1])) for cells in rows(section(DOCUMENT, "Statuses"))}
    known: dict[int, set[str]] = {}
    for code, status in STATUS.items():
        known.setdefault(status, set()).add(code.value)
    assert table == known


def test_the_limits_of_rest_are_those_of_the_code() -> None:
    table = {cells[0]: int(cells[1].replace(",", "")) for cells in rows(section(DOCUMENT, "Limits of REST"))}
    assert table == REST_LIMITS


def test_the_limits_are_those_of_the_code() -> None:
    table = {cells[0]: int(cells[1].replace(",", "")) for cells in rows(section(DOCUMENT, "Limits"))}
    assert table == greeting.LIMITS | QUIET_LIMITS


def test_codes_named_in_the_text_exist() -> None:
    named = {word for word in CODE.findall(prose(DOCUMENT)) if re.fullmatch(r"[A-Z]+(_[A-Z]+)*", word)}
    named |= set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", prose(DOCUMENT)))
    named |= set(re.findall(r"\b(?:[A-Z]+ED|SEEN)\b", prose(DOCUMENT)))
    known = {code.value for code in ErrorCode} | {code.name for code in CloseCode} | ACK_TYPES
    assert named == known


def test_close_codes_in_the_text_exist() -> None:
    named = {int(number) for number in re.findall(r"\b4[0-9]{3}\b", prose(DOCUMENT))}
    ranges = {4000, 4499, 4500, 4999}
    assert named - ranges == {int(code) for code in CloseCode} - ranges


@pytest.mark.parametrize(
    ("sentence", "truth"),
    [
        (r"(\d+) ms after the first failure", lambda: DEFAULT_BACKOFF.initial_ms),
        (r"at most (\d+) s, and on each pause", lambda: DEFAULT_BACKOFF.cap_ms // 1000),
        (r"±(\d+) % at random", lambda: round(DEFAULT_BACKOFF.jitter * 100)),
        (r"tried (\d+) times in all", lambda: DEFAULT_BACKOFF.attempts),
        (r"after (\d+) ms or \d+ of them", lambda: _in_browser("DELAY_MS")),
        (r"after \d+ ms or (\d+) of them", lambda: _in_browser("BATCH")),
        (r"body\*\* is 1 to ([\d,]+) characters", lambda: frames.MAX_BODY_CHARS),
        (r"what the device knows, at most ([\d,]+)", lambda: frames.MAX_POSITIONS),
        (r"1 to (\d+) characters of `A-Z", lambda: frames.MAX_CLIENT_ID_CHARS),
        (r"1 to (\d+) acknowledgements in a frame", lambda: frames.MAX_ACKS),
        (r"both included, at most (\d+)", lambda: frames.MAX_RANGE),
        (r"in pages of at most (\d+)", lambda: greeting.CONVERSATIONS_PAGE),
        (r"At most (\d+) entries are on their way", lambda: session.WINDOW),
        (r"stays full for (\d+) seconds", lambda: watchdog.STALLED_S),
        (r"for (\d+) minutes after it was sent", lambda: settings.EDIT_MINUTES),
        (r"for (\d+) hours after it was sent", lambda: settings.DELETE_MINUTES // 60),
        (r"most (\d+) revisions are on their way", lambda: cursor.REV_WINDOW),
        (r"counted up to ([\d,]+)", lambda: int(re.findall(r"LIMIT (\d+)\) unread", sync.CONVERSATIONS)[0])),
        (r"once, within (\d+) seconds", lambda: watchdog.HELLO_S),
        (r"no hello came within (\d+) seconds", lambda: watchdog.HELLO_S),
        (r"nothing comes for (\d+) seconds", lambda: watchdog.SILENT_S),
        (r"unless more than (\d+) of them", lambda: room.CROWD),
        (r"for (\d+) seconds after the last time it was asked", lambda: presence.WATCH_S),
        (r"may ask for (\d+) conversations at a time", lambda: presence.MOST_WATCHES),
        (r"connected for up to (\d+) seconds more", lambda: leases.LEASE_S),
        (r"After (\d+) wrong ones for a name", lambda: limits.GUESS_BURST),
        (r"one more try every (\d+) seconds", lambda: round(1 / limits.GUESSES_PER_S)),
        (r"up to ([\d,]+) single ones", lambda: QUIET_LIMITS["acknowledgements above a hole"]),
    ],
)
def test_a_number_in_the_text_is_that_of_the_code(sentence: str, truth: Callable[[], float]) -> None:
    found = re.findall(sentence.replace(" ", r"\s+"), DOCUMENT)
    assert [int(number.replace(",", "")) for number in found] == [truth()]


def _in_browser(name: str) -> int:
    """How our own client batches acknowledgements."""
    sources = [(CLONE / "static" / "js" / name).read_text() for name in ("protocol.js", "acks.js")]
    found = [number for source in sources for number in re.findall(rf"\b(?:ACK_)?{name} = (\d+);", source)]
    assert len(found) == 1, f"{name} is defined {len(found)} times"
    return int(found[0])
