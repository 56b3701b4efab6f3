"""The key for push notifications: made once, kept for its owner's eyes, shown to nobody."""

import stat
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from chat.wakeup import vapid


def made(*arguments: str) -> str:
    out = StringIO()
    call_command("make_vapid_keys", *arguments, stdout=out)
    return out.getvalue()


def test_a_key_is_made_once_and_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESSENGER_DATA", str(tmp_path / "data"))
    told = made()
    path = tmp_path / "data" / "vapid-key"
    key = path.read_text()
    assert vapid.is_key(key) and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert key not in told and str(path) in told and vapid.public_key(key) in told
    with pytest.raises(CommandError) as refused:
        made()
    assert "--force" in str(refused.value) and key not in str(refused.value)
    assert path.read_text() == key
    made("--force")
    assert vapid.is_key(path.read_text()) and path.read_text() != key
    assert [each.name for each in path.parent.iterdir()] == ["vapid-key"]
