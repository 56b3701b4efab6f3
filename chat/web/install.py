"""What makes the page an app: a manifest to install it by, and a service worker that opens it without a network.

The worker (templates/worker.js) names the files it keeps, which have their hashes in their names: a new release is a
new worker. It speaks the language it was fetched in.
"""

import json
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from chat.web import words

KEPT = (".js", ".css", ".svg", ".png")
# Of other pages, which are not opened without a network.
NOT_KEPT = ("css/docs.css",)


@cache
def assets() -> tuple[str, ...]:
    """The addresses of all files the pages are made of."""
    root = Path(settings.BASE_DIR) / "static"
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.suffix in KEPT)
    names = [name for name in files if name not in NOT_KEPT]
    # A module that is the start of a Worker is asked for by its plain name.
    return (*(static(name) for name in names), f"{settings.STATIC_URL}js/pulse.js", *words.addresses())


@never_cache
def worker(request: HttpRequest) -> HttpResponse:
    """At the root, so that it may serve the whole site."""
    told = {"assets": json.dumps(assets()), "icon": static("img/icon-192.png")}
    return render(request, "worker.js", told, content_type="text/javascript")


def manifest(request: HttpRequest) -> HttpResponse:
    icons = [
        {"src": static("img/icon-192.png"), "sizes": "192x192", "type": "image/png"},
        {"src": static("img/icon-512.png"), "sizes": "512x512", "type": "image/png"},
        {"src": static("img/icon-maskable.png"), "sizes": "512x512", "type": "image/png", "purpose": "maskable"},
    ]
    told = {
        "id": "/",
        "name": _("Messenger"),
        "short_name": _("Messenger"),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0f7a62",
        "icons": icons,
    }
    return JsonResponse(told, content_type="application/manifest+json")
