"""Messages on their way out: in order, retried by rule, never failing while nobody is at the other end."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from messenger_client import outbox as module
from messenger_client.backoff import Backoff
from messenger_client.ids import now_ms
from messenger_client.model import Unsent, UnsentFile
from messenger_client.outbox import DAY_MS, MAX_IN_FLIGHT, Outbox
from messenger_client.ticks import Status
from tests.waiting import until

SOON = Backoff(initial_ms=20, cap_ms=20, attempts=3, jitter=0)
Frame = dict[str, Any]


class Files:
    """What is to be uploaded at this moment, by client_id; a test says when it is."""

    def __init__(self) -> None:
        self.carried: list[str] = []

    def begin(self, item: Unsent) -> None:
        if item.client_id not in self.carried:
            self.carried.append(item.client_id)

    def drop(self, client_id: str) -> None:
        if client_id in self.carried:
            self.carried.remove(client_id)


class Line:
    """An outbox, what it has sent, and what has failed. `place` counts up as the database's does."""

    def __init__(self, backoff: Backoff = SOON) -> None:
        self.files = Files()
        self.sent: list[Frame] = []
        self.failed: list[tuple[str, Status, str]] = []
        self.is_online = True
        self.outbox = Outbox(self.sent.append, lambda: self.is_online, self._fail, self.files, backoff)

    def _fail(self, client_id: str, status: Status, code: str, reason: str) -> None:
        assert reason
        self.failed.append((client_id, status, code))

    def write(self, *names: str, conv: str = "c", made: int | None = None, resends: int | None = None) -> None:
        for name in names:
            at = now_ms() if made is None else made
            self.outbox.add(Unsent(name, conv, f"body of {name}", None, at, Status.PENDING, resends=resends))

    def write_files(self, name: str, *attachments: str | None, conv: str = "c") -> Unsent:
        """`attachments`: what each file has become already."""
        files = [
            UnsentFile(f"{name}-{n}", f"/{n}", f"{n}", 1, 1, attachment) for n, attachment in enumerate(attachments)
        ]
        item = Unsent(name, conv, "", None, now_ms(), Status.PENDING, files=tuple(files))
        self.outbox.add(item)
        return item

    def uploaded(self, item: Unsent) -> None:
        done = [replace(file, attachment=f"a-{file.key}") for file in item.files]
        self.outbox.uploaded(replace(item, files=tuple(done)))

    def retry(self, name: str, code: str = "UNAVAILABLE", after_ms: int = 0) -> None:
        self.outbox.retry(name, code, "Later.", after_ms)

    def taken(self) -> list[tuple[str, str | None]]:
        """What was sent since the last time: client_id and `after`."""
        found = [(frame["client_id"], frame.get("after")) for frame in self.sent]
        self.sent.clear()
        return found


async def test_each_names_the_unanswered_one_before_it() -> None:
    line = Line()
    line.write("1", "2")
    line.write("a", conv="d")
    assert line.taken() == [("1", None), ("2", "1"), ("a", None)]
    line.outbox.settle("1")
    line.outbox.settle("2")
    line.write("3")
    assert line.taken() == [("3", None)]


async def test_without_a_connection_all_of_it_waits_and_then_goes_again_under_the_same_ids() -> None:
    line = Line()
    line.is_online = False
    line.write("1", "2")
    assert line.taken() == []
    for _ in range(SOON.attempts):
        line.is_online = True
        line.outbox.resend()
        assert line.taken() == [("1", None), ("2", "1")]
        line.is_online = False
        line.outbox.pause()
        line.retry("1")
        assert line.failed == []
    # What was sent as often as may be and never answered: that is all.
    line.is_online = True
    line.outbox.resend()
    assert line.failed == [("1", Status.FAILED, "UNANSWERED"), ("2", Status.FAILED, "UNANSWERED")]


async def test_after_a_failure_the_line_rests_and_others_do_not() -> None:
    line = Line()
    line.write("1", "2")
    line.write("a", conv="d")
    line.taken()
    line.retry("1")
    line.retry("2", "PREDECESSOR_MISSING")
    line.write("3")
    line.write("b", conv="d")
    assert line.taken() == [("b", "a")]
    await until(lambda: len(line.sent) == 3)
    assert line.taken() == [("1", None), ("2", "1"), ("3", "2")]


async def test_the_time_told_is_kept_if_it_is_longer() -> None:
    line = Line()
    line.write("1")
    line.taken()
    loop = asyncio.get_running_loop()
    before = loop.time()
    line.retry("1", after_ms=200)
    await until(lambda: line.sent)
    assert loop.time() - before >= 0.2


async def test_used_up_attempts_make_it_failed_and_free_its_successor() -> None:
    line = Line()
    line.write("1", "2")
    for attempt in range(SOON.attempts):
        await until(lambda: any(frame["client_id"] == "1" for frame in line.sent))
        assert line.taken()[0] == ("1", None)
        assert line.failed == []
        line.retry("1", "OVERLOADED")
        if attempt < SOON.attempts - 1:
            line.retry("2", "PREDECESSOR_MISSING")
    assert line.failed == [("1", Status.FAILED, "OVERLOADED")]
    line.retry("2", "PREDECESSOR_MISSING")
    await until(lambda: line.sent)
    assert line.taken() == [("2", None)]


async def test_a_missing_predecessor_costs_no_attempt_while_there_is_one() -> None:
    line = Line()
    line.write("1", "2")
    for _ in range(3 * SOON.attempts):
        line.retry("2", "PREDECESSOR_MISSING")
        # The answer to its predecessor is what moves the line.
        line.write("x")
        line.outbox.settle("x")
    assert line.failed == []


async def test_what_is_rejected_is_no_predecessor_any_more() -> None:
    line = Line()
    line.write("1", "2")
    line.taken()
    line.outbox.reject("1", "INVALID_MESSAGE", "Not like this.")
    line.outbox.reject("1", "INVALID_MESSAGE", "Not like this.")
    assert line.failed == [("1", Status.REJECTED, "INVALID_MESSAGE")]
    line.retry("2", "PREDECESSOR_MISSING")
    await until(lambda: line.sent)
    assert line.taken() == [("2", None)]


async def test_no_answer_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_S", 0.02)
    line = Line()
    line.write("1")
    await until(lambda: line.failed)
    assert len(line.taken()) == SOON.attempts
    assert line.failed == [("1", Status.FAILED, "UNANSWERED")]


async def test_what_is_a_day_old_goes_by_hand_only() -> None:
    line = Line()
    line.is_online = False
    line.write("old", made=now_ms() - DAY_MS)
    line.write("new")
    line.is_online = True
    line.outbox.resend()
    assert line.taken() == [("new", None)]
    assert line.failed == [("old", Status.FAILED, "STALE")]


async def test_a_long_line_is_no_flood_and_keeps_its_order() -> None:
    line = Line()
    line.is_online = False
    names = [str(number) for number in range(3 * MAX_IN_FLIGHT)]
    line.write(*names)
    line.is_online = True
    line.outbox.resend()
    assert len(line.sent) == MAX_IN_FLIGHT
    answered = 0
    while answered < len(names):
        for frame in line.sent[answered:]:
            line.outbox.settle(frame["client_id"])
            answered += 1
    assert [frame["client_id"] for frame in line.sent] == names


async def test_what_is_sent_anew_does_not_wait_for_messages_nor_they_for_it() -> None:
    line = Line()
    line.write("1")
    line.write("again", resends=7)
    line.write("2")
    assert line.sent[1] == {"t": "resend", "conv": "c", "seq": 7, "client_id": "again"}
    assert line.taken() == [("1", None), ("again", None), ("2", "1")]


async def test_answers_to_what_is_not_there_change_nothing() -> None:
    line = Line()
    for answer in (line.outbox.settle, line.retry, lambda name: line.outbox.reject(name, "X", "x")):
        call: Callable[[str], None] = answer
        call("unknown")
    assert (line.sent, line.failed, len(line.outbox)) == ([], [], 0)


async def test_a_message_waits_for_its_files_in_its_place_and_other_conversations_do_not() -> None:
    line = Line()
    line.write("1")
    item = line.write_files("2", None, None)
    line.write("3")
    line.write("again", resends=7)
    line.write_files("4", None)
    line.write("a", conv="d")
    # One message's files at a time in each conversation.
    assert line.files.carried == ["2"]
    assert line.taken() == [("1", None), ("again", None), ("a", None)]
    line.outbox.settle("1")
    half = replace(item, files=(replace(item.files[0], attachment="a-2-0"), item.files[1]))
    line.outbox.uploaded(half)
    assert line.taken() == []
    line.uploaded(half)
    assert [frame.get("attachments") for frame in line.sent] == [["a-2-0", "a-2-1"], None]
    assert line.taken() == [("2", None), ("3", "2")]
    assert "4" in line.files.carried


async def test_what_is_uploaded_already_goes_at_once() -> None:
    line = Line()
    line.write_files("1", "a", "b")
    assert line.files.carried == []
    assert line.sent[0]["attachments"] == ["a", "b"]


async def test_files_are_carried_while_there_is_a_connection() -> None:
    line = Line()
    line.is_online = False
    line.write_files("1", None)
    assert line.files.carried == []
    line.is_online = True
    line.outbox.resend()
    assert line.files.carried == ["1"]
    line.is_online = False
    line.outbox.pause()
    assert (line.files.carried, line.failed) == ([], [])


@pytest.mark.parametrize("end", ["reject", "give_up", "discard"])
async def test_what_cannot_be_uploaded_frees_its_successor(end: str) -> None:
    line = Line()
    line.write_files("1", None)
    line.write("2")
    if end == "discard":
        line.outbox.settle("1")
        assert line.failed == []
    else:
        getattr(line.outbox, end)("1", "REFUSED_FILE", "No.")
        status = Status.REJECTED if end == "reject" else Status.FAILED
        assert line.failed == [("1", status, "REFUSED_FILE")]
    assert line.files.carried == []
    assert line.taken() == [("2", None)]
