"""Settings by environment: a missing or wrong one stops the start with one line that shows no value."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from chat.log.durability import SETTINGS, DurabilityOff, judge
from messenger import durability, env
from messenger.env import SettingError
from tests.servers import VAPID_PRIVATE_KEY

ROOT = Path(__file__).resolve().parent.parent.parent
SECRET = "hunter2secret"
PRODUCTION = {
    "MODE": "production",
    "SECRET_KEY": SECRET,
    "ALLOWED_HOSTS": "chat.example.org",
    "DATABASE_URL": f"postgresql://chat:{SECRET}@db/chat",
    "REDIS_URL": f"redis://:{SECRET}@redis/0",
    "MEDIA_ROOT": "/srv/messenger/media",
}
LIMITS = (
    "MAX_ATTACHMENT_MB",
    "UPLOAD_QUOTA_MB",
    "MAX_IMAGE_MEGAPIXELS",
    "INBOX_DAYS",
    "INBOX_ENTRIES",
    "MEDIA_MEGABYTES",
    "HISTORY_DAYS",
    "DEDUPE_HOURS",
)
OTHERS = (
    "SECURE_COOKIES",
    "BEHIND_TLS_PROXY",
    "LOG_LEVEL",
    "WEBSOCKET_ORIGINS",
    "VAPID_PRIVATE_KEY",
    "VAPID_SUBJECT",
    "MESSENGER_PUSH_LOOPBACK",
    "S3_BUCKET",
    "S3_ENDPOINT",
    "S3_REGION",
    "S3_ACCESS_KEY",
    "S3_SECRET_KEY",
)
WRONG = [
    *[{name: ""} for name in PRODUCTION if name != "MODE"],
    {"MODE": "staging"},
    {"ALLOWED_HOSTS": " , "},
    {"DATABASE_URL": f"mysql://chat:{SECRET}@db/chat"},
    {"DATABASE_URL": f"postgresql://chat:{SECRET}/x@db/chat"},
    {"DATABASE_URL": f"postgresql://[{SECRET}/chat"},
    {"REDIS_URL": f"http://{SECRET}"},
    {"REDIS_URL": f"redis://redis:{SECRET}/0"},
    {"SECURE_COOKIES": "perhaps"},
    {"BEHIND_TLS_PROXY": "2"},
    {"LOG_LEVEL": "LOUD"},
    {"INBOX_DAYS": "0"},
    {"INBOX_ENTRIES": "many"},
    {"MEDIA_MEGABYTES": "-1"},
    {"DEDUPE_HOURS": "0"},
    {"MAX_ATTACHMENT_MB": "0"},
    {"UPLOAD_QUOTA_MB": "499", "MAX_ATTACHMENT_MB": "500"},
    {"UPLOAD_QUOTA_MB": "99"},
    {"MAX_IMAGE_MEGAPIXELS": "x"},
    {"HISTORY_DAYS": "29"},
    {"HISTORY_DAYS": "59", "INBOX_DAYS": "60"},
    {"HISTORY_DAYS": "1", "INBOX_DAYS": "1", "DEDUPE_HOURS": "25"},
    {"VAPID_PRIVATE_KEY": SECRET},
    {"VAPID_SUBJECT": "", "VAPID_PRIVATE_KEY": VAPID_PRIVATE_KEY},
    {"VAPID_SUBJECT": SECRET, "VAPID_PRIVATE_KEY": VAPID_PRIVATE_KEY},
    {"MESSENGER_PUSH_LOOPBACK": "true"},
]


def settings(monkeypatch: pytest.MonkeyPatch, **values: str) -> dict[str, Any]:
    for name in (*PRODUCTION, *OTHERS, *LIMITS):
        monkeypatch.delenv(name, raising=False)
    for name, value in (PRODUCTION | values).items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(ROOT / "messenger" / "settings.py"))


def test_production_is_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch)
    assert found["SESSION_COOKIE_SECURE"] and found["CSRF_COOKIE_SECURE"] and not found["DEBUG"]
    assert found["ALLOWED_HOSTS"] == found["WEBSOCKET_ORIGINS"] == ["chat.example.org"]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_wrong_setting_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], wrong: dict[str, str]
) -> None:
    with pytest.raises(SettingError) as stopped:
        settings(monkeypatch, **wrong)
    told = capfd.readouterr().err
    assert stopped.value.code == 2
    assert told.count("\n") == 1 and told.startswith(f"messenger: {next(iter(wrong))} ")
    assert SECRET not in told


@pytest.mark.parametrize(
    ("limits", "clause"),
    [
        (
            {"HISTORY_DAYS": "29"},
            "0 or at least INBOX_DAYS: messages would be removed while devices may still fetch them",
        ),
        ({"HISTORY_DAYS": "30", "DEDUPE_HOURS": "721"}, "0 or cover DEDUPE_HOURS: a message sent again would be"),
    ],
)
def test_history_is_kept_as_long_as_inboxes_and_deduplication_need_it(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], limits: dict[str, str], clause: str
) -> None:
    with pytest.raises(SettingError):
        settings(monkeypatch, **limits)
    assert clause in capfd.readouterr().err
    for enough in ({"HISTORY_DAYS": "0"}, {"HISTORY_DAYS": "30"}, {"HISTORY_DAYS": "30", "DEDUPE_HOURS": "720"}):
        assert settings(monkeypatch, **enough)["HISTORY_DAYS"] == int(enough["HISTORY_DAYS"])


def test_a_process_ends_with_status_two_and_no_trace() -> None:
    environment = {name: value for name, value in os.environ.items() if name not in PRODUCTION}
    started = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert started.returncode == 2
    assert started.stderr == "messenger: SECRET_KEY is not set: it must be a text.\n"


def test_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("X", " 12 ")
    assert (env.number("X"), env.text("X"), env.words("X")) == (12, "12", ["12"])
    for value in ("twelve", "-1", "4294967296", "1.5"):
        monkeypatch.setenv("X", value)
        with pytest.raises(SettingError):
            env.number("X")
    monkeypatch.setenv("X", "Yes")
    assert env.flag("X") is True
    monkeypatch.setenv("X", "a, b,")
    assert env.words("X") == ["a", "b"]
    monkeypatch.delenv("X")
    assert env.number("X", 7) == 7 and env.flag("X", False) is False


GOOD = dict.fromkeys(SETTINGS, "on") | {"synchronous_standby_names": ""}


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit"])
def test_durability_is_judged(name: str) -> None:
    assert judge(GOOD) == "local"
    assert judge(GOOD | {"synchronous_standby_names": "*"}) == "quorum"
    assert judge(GOOD | {"synchronous_standby_names": "*", "synchronous_commit": "local"}) == "local"
    with pytest.raises(DurabilityOff, match=name):
        judge(GOOD | {name: "off"})
    with pytest.raises(DurabilityOff, match=name):
        judge({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.storage
@pytest.mark.django_db(transaction=True)
def test_no_server_starts_on_a_database_that_may_lose_what_it_says(dsn: str, capfd: pytest.CaptureFixture[str]) -> None:
    durability.require(dsn)
    with psycopg.connect(dsn, autocommit=True) as boss:
        name = boss.info.dbname
        boss.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        try:
            with pytest.raises(SettingError) as stopped:
                durability.require(dsn)
        finally:
            boss.execute(f'ALTER DATABASE "{name}" RESET synchronous_commit')
    assert stopped.value.code == 2
    assert capfd.readouterr().err == "messenger: PostgreSQL has synchronous_commit=off: a tick could lie. Turn it on.\n"


def test_a_database_that_is_away_is_not_waited_for() -> None:
    durability.require("host=/nowhere dbname=chat")
