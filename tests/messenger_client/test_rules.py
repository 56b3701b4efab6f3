"""The client's rules against the cases that the server and the browser are held to, and against the server's own."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.policy.backoff import DEFAULT_BACKOFF as SERVERS
from chat.policy.window import ContiguousCursor
from chat.protocol.errors import CloseCode, ErrorCode
from chat.protocol.errors import Retry as ServersRetry
from messenger_client import protocol, retry
from messenger_client.backoff import DEFAULT_BACKOFF, Backoff
from messenger_client.cursor import contiguous
from messenger_client.replica import Replica
from messenger_client.retry import Retry
from messenger_client.ticks import tick
from tests.messenger_client.shared import cases

shares = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize("case", cases("backoff"), ids=lambda case: f"{case['failures']} at {case['share']}")
def test_backoff(case: dict[str, Any]) -> None:
    assert DEFAULT_BACKOFF.delay_ms(case["failures"], lambda: case["share"]) == case["delay_ms"]


@given(st.integers(1, 10**6), shares)
def test_backoff_is_the_servers(failures: int, share: float) -> None:
    assert DEFAULT_BACKOFF.delay_ms(failures, lambda: share) == SERVERS.delay_ms(failures, lambda: share)


@given(st.integers(9, 10**6), shares)
def test_a_connection_is_tried_for_ever_at_the_cap(failures: int, share: float) -> None:
    assert 42_000 <= DEFAULT_BACKOFF.patience_ms(failures, lambda: share) <= 78_000


@pytest.mark.parametrize("wrong", [{"initial_ms": 0}, {"cap_ms": 1}, {"factor": 0.5}, {"attempts": 0}, {"jitter": 1.0}])
def test_a_senseless_backoff_cannot_be_made(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Backoff(**wrong)


@pytest.mark.parametrize("case", cases("window"), ids=lambda case: str(case["positions"]))
def test_cursor(case: dict[str, Any]) -> None:
    position, above, found = case["start"], set(), []
    for ack in case["acks"]:
        if ack.get("cumulative"):
            position = max(position, ack["seq"])
        above.add(ack["seq"])
        position = contiguous(position, sorted(above))
        found.append(position)
    assert found == case["positions"]


spans = st.tuples(st.integers(1, 30), st.integers(0, 6)).map(lambda pair: (pair[0], sum(pair)))


@given(st.integers(0, 20), st.sets(st.integers(1, 40)), st.lists(spans, max_size=8))
def test_the_cursor_goes_over_what_is_there_or_known_not_to_be(start: int, seqs: set[int], gaps: list[Any]) -> None:
    servers = ContiguousCursor(start)
    for seq in sorted(seqs.union(*(range(first, last + 1) for first, last in gaps))):
        servers.one(seq)
    assert contiguous(start, sorted(seqs), sorted(gaps)) == servers.position


@pytest.mark.parametrize("case", cases("replica"), ids=lambda case: case["name"])
def test_replica(case: dict[str, Any]) -> None:
    replica = Replica()
    for step in case["steps"]:
        replica.take_entries(step.get("entries", []))
        replica.take_changes(step.get("changes", []))
    assert [replica.entries[seq] for seq in sorted(replica.entries)] == case["shown"]


@pytest.mark.parametrize("case", cases("ticks"), ids=lambda case: case["name"])
def test_tick(case: dict[str, Any]) -> None:
    others = [{"stays": [[1, None]]} | other for other in case["others"]]
    assert tick(case["seq"], others, case["direct"]).value == case["tick"]


# E2: what a failure means, whatever the door.
STATUSES = [
    (400, "BAD_FRAME", Retry.NEVER),
    (400, None, Retry.NEVER),
    (401, "AUTHENTICATION_FAILED", Retry.SIGN_IN),
    (401, None, Retry.SIGN_IN),
    (403, "CSRF_FAILED", Retry.NEVER),
    (403, None, Retry.NEVER),
    (404, "NOT_FOUND", Retry.NEVER),
    (408, None, Retry.LATER),
    (409, "IDEMPOTENCY_CONFLICT", Retry.NEVER),
    (409, None, Retry.LATER),
    (413, "INVALID_MESSAGE", Retry.NEVER),
    (413, "UPLOAD_TOO_LARGE", Retry.NEVER),
    (422, "INVALID_SETTINGS", Retry.NEVER),
    (423, "UPLOAD_BUSY", Retry.LATER),
    (425, None, Retry.LATER),
    (429, "RATE_LIMITED", Retry.LATER),
    (429, None, Retry.LATER),
    (460, "CHECKSUM_MISMATCH", Retry.LATER),
    (500, None, Retry.LATER),
    (500, "INTERNAL", Retry.LATER),
    (502, None, Retry.LATER),
    (503, "UNAVAILABLE", Retry.LATER),
    (504, None, Retry.LATER),
]


@pytest.mark.parametrize(("status", "code", "verdict"), STATUSES)
def test_what_an_http_answer_means(status: int, code: str | None, verdict: Retry) -> None:
    assert retry.of_status(status, code) is verdict


def test_the_servers_codes_mean_the_same_at_the_status_they_come_with() -> None:
    meant = {ServersRetry.NEVER: 400, ServersRetry.LATER: 503, ServersRetry.SIGN_IN: 401}
    for code in ErrorCode:
        assert retry.of_status(meant[code.retry], code.value).value == code.retry.value


@pytest.mark.parametrize("code", list(CloseCode))
def test_what_a_close_code_means(code: CloseCode) -> None:
    meant = Retry.NEVER if code < 4500 else Retry.LATER
    assert retry.of_close(code) is (Retry.SIGN_IN if code is CloseCode.AUTHENTICATION_FAILED else meant)


@pytest.mark.parametrize(("code", "verdict"), [(1000, Retry.LATER), (1006, Retry.LATER), (1009, Retry.NEVER)])
def test_what_other_close_codes_mean(code: int, verdict: Retry) -> None:
    assert retry.of_close(code) is verdict


NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "pause"),
    [
        (None, 0),
        ("", 0),
        ("7", 7_000),
        (" 7 ", 7_000),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30_000),
        ("Thu, 01 Jan 2026 00:00:30 -0000", 30_000),
        ("Wed, 31 Dec 2025 00:00:00 GMT", 0),
        ("soon", 0),
        ("-5", 0),
        ("1.5", 0),
        ("²", 0),
        ("9" * 400, 999_999_999_000),
    ],
)
def test_retry_after(value: str | None, pause: int) -> None:
    assert retry.retry_after_ms(value, NOW) == pause


@pytest.mark.parametrize("body", ["", " \n", "a\0b", "half \ud83d", "x" * 4097])
def test_what_the_server_would_refuse_is_not_sent(body: str) -> None:
    assert not protocol.is_storable(body)


def test_the_limit_is_in_code_points() -> None:
    assert protocol.is_storable("😀" * 4096)


@pytest.mark.parametrize("text", ["[]", "7", "{}", '{"t": 7}', "{", ""])
def test_what_is_no_frame(text: str) -> None:
    with pytest.raises(ValueError):
        protocol.decode(text)
