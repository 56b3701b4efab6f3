"""Names and types that are told of files."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.policy.files import BYTES, MAX_NAME_CHARS, clean_name, told_type


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("holiday.jpg", "holiday.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\alice\\notes.txt", "notes.txt"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\x00b\r\nc.txt", "abc.txt"),
        ("  two   words .pdf ", "two words .pdf"),
        ("...", "file"),
        ("", "file"),
        ("👩‍👩‍👧 Grüße.txt", "👩‍👩‍👧 Grüße.txt"),
        ("x" * 300 + ".jpeg", "x" * 250 + ".jpeg"),
    ],
)
def test_a_name_is_for_reading(given_name: str, shown: str) -> None:
    assert clean_name(given_name) == shown


@given(st.text(max_size=600))
def test_no_name_does_harm(name: str) -> None:
    shown = clean_name(name)
    assert 1 <= len(shown) <= MAX_NAME_CHARS
    assert not any(each in "/\\\0" or unicodedata.category(each) in ("Cc", "Cs") for each in shown)
    assert clean_name(shown) == shown


@pytest.mark.parametrize("kind", ["image/png", "video/mp4", "audio/x-wav", "application/pdf", "text/plain"])
def test_types_nothing_runs_in(kind: str) -> None:
    assert told_type(kind) == kind


RUNNING = ["image/svg+xml", "text/html", "application/xhtml+xml", "application/javascript", "text/xml"]


@pytest.mark.parametrize("kind", [*RUNNING, "application/vnd.microsoft.portable-executable", "", "a/b\r\nc"])
def test_all_else_is_bytes(kind: str) -> None:
    assert told_type(kind) == BYTES
