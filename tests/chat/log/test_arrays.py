"""What a person writes comes out of an array as it went in."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.log.arrays import binaries, numbers, texts, words

pytestmark = [pytest.mark.django_db, pytest.mark.storage]

# Everything PostgreSQL can store: no NUL, no surrogates.
storable = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)))
AWKWARD = ["", "NULL", "null", '"', "\\", '\\"', "{}", "a,b", " a ", "\n", "\t", "'", "\\x00", "𝔘 ✓"]


def read_back(literal: str, kind: str) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{kind}[]", [literal])
        found: list[object] = cursor.fetchone()[0]
        return found


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(storable, max_size=10))
def test_texts(values: list[str]) -> None:
    assert read_back(texts([*values, *AWKWARD]), "text") == [*values, *AWKWARD]


def test_nothing_is_an_empty_array() -> None:
    for literal, kind in ((texts([]), "text"), (words([]), "uuid"), (numbers([]), "bigint"), (binaries([]), "bytea")):
        assert read_back(literal, kind) == []


def test_numbers_and_null() -> None:
    assert read_back(numbers([1, None, 2**63 - 1]), "bigint") == [1, None, 2**63 - 1]


def test_binaries() -> None:
    values = [bytes(range(256)), b"", b"\\x", b'"']
    assert [bytes(value) for value in read_back(binaries(values), "bytea")] == values  # type: ignore[call-overload]
