"""The chain of the audit log: whatever is done to its lines is found, and named by number."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chat.policy.audit import START, Broken, Head, Line, Sealed, encode, seal, verify

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)
contents = st.fixed_dictionaries(
    {
        "at": st.datetimes(timezones=st.just(UTC)),
        "actor": st.none() | st.uuids(),
        "actor_name": texts,
        "action": texts,
        "kind": texts,
        "target": texts,
        "reason": texts,
        "details": st.dictionaries(texts, plain, max_size=3),
    }
)


def chain(lines: list[dict[str, Any]]) -> list[Sealed]:
    sealed: list[Sealed] = []
    head = Head()
    for number, content in enumerate(lines, 1):
        sealed.append(seal(Line(number=number, **content), head))
        head = Head(number, sealed[-1].digest)
    return sealed


logs = st.lists(contents, min_size=2, max_size=6).map(chain)


def head_of(log: list[Sealed]) -> Head:
    return Head(log[-1].line.number, log[-1].digest)


def broken(log: list[Sealed], anchor: Head | None = None) -> int:
    with pytest.raises(Broken) as caught:
        verify(log, anchor)
    return caught.value.number


@given(logs)
def test_what_was_written_is_found_good(log: list[Sealed]) -> None:
    assert verify(log) == verify(log, head_of(log)) == head_of(log)
    assert verify(log, Head(1, log[0].digest)) == head_of(log)
    assert Head.parse(str(head_of(log))) == head_of(log)


def test_an_empty_log_has_a_head_too() -> None:
    assert verify([]) == Head(0, START)


@given(logs, contents, st.data())
def test_a_changed_line_is_named(log: list[Sealed], other: dict[str, Any], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(log) - 1))
    field = data.draw(st.sampled_from(sorted(other)))
    changed = replace(log[at].line, **{field: other[field]})
    assume(encode(changed) != encode(log[at].line))
    assert broken([*log[:at], replace(log[at], line=changed), *log[at + 1 :]]) == at + 1
    # Also if its own digest was made to fit; only at the very end it takes an anchor to see.
    forged = seal(changed, Head(at, log[at].previous))
    if at < len(log) - 1:
        assert broken([*log[:at], forged, *log[at + 1 :]]) == at + 2
    assert broken([*log[:at], forged], Head(at + 1, log[at].digest)) == at + 1


@given(logs, st.data())
def test_a_changed_digest_or_previous_is_named(log: list[Sealed], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(log) - 1))
    other = data.draw(st.binary(min_size=32, max_size=32).filter(lambda made: made not in (START, log[at].digest)))
    for field in ("previous", "digest"):
        assume(getattr(log[at], field) != other)
        assert broken([*log[:at], replace(log[at], **{field: other}), *log[at + 1 :]]) == at + 1


@given(logs, st.data())
def test_a_removed_line_is_named(log: list[Sealed], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(log) - 2))
    rest = [*log[:at], *log[at + 1 :]]
    assert broken(rest) == at + 1
    # Numbered anew, the rest does not follow.
    closed = [replace(each, line=replace(each.line, number=n)) for n, each in enumerate(rest, 1)]
    assert broken(closed) == at + 1


@given(logs, st.data())
def test_swapped_lines_are_named(log: list[Sealed], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(log) - 2))
    second = data.draw(st.integers(first + 1, len(log) - 1))
    swapped = list(log)
    swapped[first], swapped[second] = log[second], log[first]
    assert broken(swapped) == first + 1
    numbered = [replace(each, line=replace(each.line, number=n)) for n, each in enumerate(swapped, 1)]
    assert broken(numbered) == first + 1


@given(logs, contents, st.data())
def test_an_inserted_line_is_named(log: list[Sealed], content: dict[str, Any], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(log) - 1))
    inserted = seal(Line(number=at + 1, **content), Head(at, log[at].previous))
    moved = [replace(each, line=replace(each.line, number=each.line.number + 1)) for each in log[at:]]
    assert broken([*log[:at], inserted, *log[at:]]) == at + 2
    assume(inserted.digest != log[at].previous)
    assert broken([*log[:at], inserted, *moved]) == at + 2


@given(logs, st.data())
def test_a_tail_that_was_cut_off_shows_against_an_anchor(log: list[Sealed], data: st.DataObject) -> None:
    kept = data.draw(st.integers(0, len(log) - 1))
    assert verify(log[:kept]).number == kept
    assert broken(log[:kept], head_of(log)) == kept + 1


@given(logs, contents)
def test_a_log_written_anew_shows_against_an_anchor(log: list[Sealed], content: dict[str, Any]) -> None:
    lines = [each.line for each in log]
    lines[0] = Line(number=1, **content)
    assume(encode(lines[0]) != encode(log[0].line))
    anew: list[Sealed] = []
    for line in lines:
        anew.append(seal(line, head_of(anew) if anew else Head()))
    assert verify(anew) == head_of(anew)
    assert broken(anew, head_of(log)) == len(log)


LINE = Line(1, datetime(2026, 1, 1, tzinfo=UTC), UUID(int=1), "mo", "user.suspend", "user", "x", "spam", {"b": 1})


def test_one_line_has_one_spelling() -> None:
    """Of another process, in another zone, with keys in another order: the same bytes."""
    assert encode(LINE) == (
        b'[1,1767225600000000,"00000000-0000-0000-0000-000000000001","mo","user.suspend","user","x","spam",{"b":1}]'
    )
    elsewhere = LINE.at.astimezone(tz=None) + timedelta(0)
    assert encode(replace(LINE, at=elsewhere, details={"a": [], "b": 1})) == encode(
        replace(LINE, details={"b": 1, "a": []})
    )


@pytest.mark.parametrize("details", [{"x": 1.5}, {"x": [float("nan")]}, {1: "x"}, {"x": b"y"}, {"x": LINE.at}])
def test_what_has_no_one_spelling_is_not_written_and_never_good(details: Any) -> None:
    line = replace(LINE, details=details)
    with pytest.raises(ValueError):
        seal(line, Head())
    assert broken([Sealed(line, START, bytes(32))]) == 1


def test_lines_are_sealed_in_their_order() -> None:
    with pytest.raises(ValueError):
        seal(LINE, Head(1, START))


@pytest.mark.parametrize("text", ["", "x", "1", "1:", "1:zz", "-1:" + "00" * 32, "1:" + "00" * 31, ":" + "00" * 32])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Head.parse(text)
