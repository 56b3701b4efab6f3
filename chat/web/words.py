"""The texts of the page's scripts, as a script of their own for each language but English, which is what they are
written in. Its address changes with the texts, so that browsers and the service worker may keep it."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.decorators import method_decorator
from django.utils.translation import override
from django.views.decorators.gzip import gzip_page
from django.views.i18n import JavaScriptCatalog

YEAR_S = 365 * 24 * 3600


@cache
def versions() -> dict[str, str]:
    """By language, what names the state of its texts."""
    folder = Path(apps.get_app_config("chat").path) / "locale"
    files = {code: folder / code / "LC_MESSAGES" / "djangojs.mo" for code, _ in settings.LANGUAGES}
    found = {code: file.read_bytes() for code, file in files.items() if file.exists()}
    return {code: hashlib.sha256(texts).hexdigest()[:12] for code, texts in found.items()}


def address(language: str) -> str | None:
    """None: it needs none."""
    version = versions().get(language)
    return reverse("words", args=[language, version]) if version else None


def addresses() -> tuple[str, ...]:
    return tuple(reverse("words", args=named) for named in versions().items())


@method_decorator(gzip_page, "dispatch")
class Words(JavaScriptCatalog):
    """Django's own catalogue, of our texts alone."""

    packages = ["chat"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Another release's is not there: ours must not be kept under its name."""
        language = kwargs["language"]
        if versions().get(language) != kwargs["version"]:
            raise Http404
        with override(language):
            response = super().get(request)
        response["Content-Language"] = language
        patch_cache_control(response, public=True, immutable=True, max_age=YEAR_S)
        return response
