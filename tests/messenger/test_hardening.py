"""What production tells browsers, and what Django's own check of it says."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from chat.models import User

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "MODE": "production",
    "ALLOWED_HOSTS": "chat.example.org",
    "DATABASE_URL": "postgresql:///none",
    "REDIS_URL": "redis://none",
    "BEHIND_TLS_PROXY": "true",
    "MESSENGER_PUSH_LOOPBACK": "",
    "VAPID_PRIVATE_KEY": "",
    "MEDIA_ROOT": "/var/lib/messenger/media",
}
PAGES = ["/sign-in/", "/sign-up/", "/admin/", "/", "/nowhere", "/worker.js", "/healthz"]


@pytest.mark.timeout(300)
def test_djangos_check_of_a_deployment_is_clean() -> None:
    environment = {**os.environ, **PRODUCTION, "SECRET_KEY": secrets.token_urlsafe(48)}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.fixture
def boss(client: Client, db: None, settings: Settings) -> Client:
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    client.force_login(User.objects.create_superuser("boss"))
    return client


def directives(policy: str) -> dict[str, list[str]]:
    return {name: values for name, *values in (part.split() for part in policy.split(";") if part.strip())}


@pytest.mark.parametrize("page", PAGES)
def test_no_page_allows_inline_or_foreign_script_or_style(boss: Client, page: str) -> None:
    answer = boss.get(page)
    policy = directives(answer["Content-Security-Policy"])
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert policy["script-src"] == policy["style-src"] == policy["default-src"] == ["'self'"]
    # Django's admin writes HTML by script, which they would forbid.
    assert ("require-trusted-types-for" in policy) == (page != "/admin/")
    assert answer["X-Content-Type-Options"] == "nosniff" and answer["X-Frame-Options"] == "DENY"
    assert answer["Cross-Origin-Opener-Policy"] == answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"] and answer["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("page", ["/admin/", "/admin/chat/user/", "/admin/chat/user/add/", "/admin/chat/device/"])
def test_the_admin_has_nothing_inline(boss: Client, page: str) -> None:
    """Its content policy would keep it from working."""
    html = boss.get(page).content.decode()
    assert " style=" not in html and "<style" not in html and " onclick=" not in html
    scripts = html.split("<script")[1:]
    assert all("src=" in script.split(">")[0] or "application/json" in script.split(">")[0] for script in scripts)


def test_over_tls_browsers_are_told_to_stay_and_others_are_sent_there(client: Client, settings: Settings) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 1_000
    there = Client(headers={"X-Forwarded-Proto": "https"})
    assert there.get("/healthz")["Strict-Transport-Security"] == "max-age=1000"
    assert Client().get("/sign-in/")["Location"] == "https://testserver/sign-in/"
    # A balancer, and whoever reads figures, ask from inside.
    assert Client().get("/healthz").status_code == 200
