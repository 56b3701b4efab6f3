"""What the browser installs: complete, and the same for everyone."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("plain_static")]


def test_the_worker_keeps_every_file_the_page_is_made_of(client: Client) -> None:
    response = client.get("/worker.js")
    assert response["Content-Type"] == "text/javascript" and "no-store" in response["Cache-Control"]
    named = set(re.findall(r'"/static/([^"]+)"', response.text.partition("const FILES")[0]))
    root = Path(settings.BASE_DIR) / "static"
    files = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
    # The API's page is another one.
    assert named == files - {"css/docs.css"}


def test_the_manifest_opens_the_app_and_its_icons_are_there(client: Client) -> None:
    response = client.get("/manifest.webmanifest")
    told = response.json()
    assert response["Content-Type"] == "application/manifest+json"
    assert told["start_url"] == told["scope"] == "/" and told["display"] == "standalone"
    for icon in told["icons"]:
        assert finders.find(icon["src"].removeprefix("/static/"))
