"""Files of what nobody can fetch go, and nothing else; thumbnails are made, whatever happens to who makes them."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import F
from django.utils import timezone
from PIL import Image

from chat.media import places, render, sweep, thumbnails
from chat.media.places import ORIGINAL, THUMBNAIL
from chat.media.sweep import tidy
from chat.media.thumbnails import draw_next
from chat.models import Attachment
from tests.cast import Cast
from tests.chat.media.pictures import picture
from tests.log import attach, write

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("storage")]


def stored(conv: str, people: Cast, content: bytes = b"x", **more: object) -> Attachment:
    """With its file."""
    file = attach(conv, write(conv, people.alice), len(content), **more)
    path = places.partial(str(file.id))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    places.keep(path, str(file.id), ORIGINAL)
    places.forget_partial(str(file.id))
    return file


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def dropped(file: Attachment) -> None:
    Attachment.objects.filter(id=file.id).update(state="dropped", conversation=None, seq=None, next_attempt_at=None)


def test_dropped_files_go_and_then_their_rows(people: Cast, conv: str, storage: Path) -> None:
    gone, stays = stored(conv, people), stored(conv, people)
    dropped(gone)
    assert tidy() == 1 and tidy() == 0
    assert files(storage) == {str(stays.id)}
    assert list(Attachment.objects.values_list("id", flat=True)) == [stays.id]


def test_who_dies_in_between_leaves_it_to_the_next(
    people: Cast, conv: str, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = stored(conv, people)
    dropped(file)
    monkeypatch.setattr(places, "remove", lambda _: (_ for _ in ()).throw(OSError("away")))
    with pytest.raises(OSError, match="away"):
        tidy()
    monkeypatch.undo()
    assert tidy() == 0
    Attachment.objects.update(next_attempt_at=F("next_attempt_at") - timedelta(seconds=sweep.LEASE_S))
    assert tidy() == 1 and Attachment.objects.count() == 0


def test_what_is_not_sent_is_not_kept(people: Cast, conv: str, storage: Path) -> None:
    now = timezone.now()
    kinds = {
        "young": ("uploading", timedelta(hours=23), None),
        "old": ("uploading", timedelta(hours=25), None),
        "ready": ("ready", timedelta(days=8), timedelta(days=6)),
        "late": ("ready", timedelta(days=8), timedelta(days=7, minutes=1)),
    }
    for name, (state, age, completed) in kinds.items():
        made = Attachment.objects.create(
            owner=people.alice.user, client_id=name, name=name, length=1, state=state,
            completed_at=completed and now - completed,
        )  # fmt: skip
        Attachment.objects.filter(id=made.id).update(created_at=now - age)
    assert tidy() == 2
    assert set(Attachment.objects.values_list("name", flat=True)) == {"young", "ready"}


def test_a_thumbnail_shows_the_picture_and_tells_nothing(people: Cast, conv: str) -> None:
    file = stored(conv, people, picture("JPEG", (900, 600), turned=6), thumbnail="wanted")
    assert draw_next() and not draw_next()
    file.refresh_from_db()
    assert file.thumbnail == "made"
    with places.opened(str(file.id), THUMBNAIL, 0, 10**9) as made:
        small = Image.open(io.BytesIO(made.read()))
    assert (small.format, small.size, dict(small.getexif())) == ("WEBP", (320, 480), {})


def test_what_cannot_be_decoded_has_none(people: Cast, conv: str) -> None:
    content = bytearray(picture("PNG", (100, 100)))
    at = content.index(b"IDAT")
    content[at + 6 : at + 200] = b"\0" * 194
    file = stored(conv, people, bytes(content), thumbnail="wanted")
    assert draw_next()
    file.refresh_from_db()
    assert file.thumbnail == "failed"


def test_a_renderer_that_is_ended_is_tried_three_times(
    people: Cast, conv: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "killed.py"
    program.write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    monkeypatch.setattr(render, "__file__", str(program))
    file = stored(conv, people, picture("PNG"), thumbnail="wanted")
    for tries in range(1, thumbnails.ATTEMPTS + 1):
        assert draw_next()
        file.refresh_from_db()
        assert (file.thumbnail, draw_next()) == ("wanted" if tries < thumbnails.ATTEMPTS else "failed", False)
        Attachment.objects.update(next_attempt_at=timezone.now() - timedelta(minutes=10))


def test_what_a_dead_worker_had_taken_is_due_again(people: Cast, conv: str) -> None:
    file = stored(conv, people, picture("PNG"), thumbnail="wanted")
    leased = timezone.now() + timedelta(seconds=thumbnails.LEASE_S)
    Attachment.objects.update(attempts=1, next_attempt_at=leased)
    assert not draw_next()
    Attachment.objects.update(next_attempt_at=timezone.now() - timedelta(minutes=10))
    assert draw_next()
    file.refresh_from_db()
    assert file.thumbnail == "made"


def test_of_what_was_dropped_while_it_was_drawn_nothing_stays(
    people: Cast, conv: str, storage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was swept before the picture was kept."""
    file = stored(conv, people, type="image/jpeg", thumbnail="wanted")

    def drawn(attachment: str) -> bool:
        dropped(file)
        assert tidy() == 1
        (tmp_path / "small").write_bytes(b"small")
        places.keep(tmp_path / "small", attachment, THUMBNAIL)
        return True

    monkeypatch.setattr(thumbnails, "_draw", drawn)
    assert draw_next() and files(storage) == set()
