"""Names that other people have given to files."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messenger_client.saving import readable, reserve, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("tree.jpg", "tree.jpg"),
        ("../../.ssh/authorized_keys", "authorized_keys"),
        ("..\\..\\evil.bat", "evil.bat"),
        ("/etc/passwd", "passwd"),
        (".bashrc", "bashrc"),
        ("..", "file"),
        ("", "file"),
        ("a\0b\nc\u202egpj.exe", "abcgpj.exe"),
        ("C:evil", "C_evil"),
        ("NUL.txt", "_NUL.txt"),
        ("Grüße 🙂.png", "Grüße 🙂.png"),
        ("x" * 400 + ".tar", "x" * 231 + ".tar"),
    ],
)
def test_a_name_is_only_a_name(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(max_size=300))
def test_whatever_it_is_called_it_stays_in_the_folder(name: str) -> None:
    safe = safe_name(name)
    assert Path("/folder", safe).parent == Path("/folder")
    assert not safe.startswith(".")
    assert 0 < len(safe.encode()) <= 235
    assert safe.isprintable()


def test_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("mine")
    (tmp_path / "a (2).txt").symlink_to(tmp_path / "nowhere")
    assert reserve(tmp_path, "x/a.txt") == tmp_path / "a (3).txt"
    assert (tmp_path / "a.txt").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1 kB"), (1_234_567, "1.23 MB"), (999_999, "1 MB"), (2_500_000_000, "2.5 GB")],
)
def test_sizes_as_people_read_them(size: int, text: str) -> None:
    assert readable(size) == text
