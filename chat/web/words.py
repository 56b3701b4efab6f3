"""The texts of the page's scripts, as scripts of their own for each language but English, which is what they are
written in: those the page begins with, and those that are said seldom, by parts that come when they are asked for and
of what the server refuses. Their addresses change with the texts, so that browsers and the service worker may keep
them."""

import hashlib
import json
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

PAGE, PARTS = "djangojs", "parts"
YEAR_S = 365 * 24 * 3600


@cache
def versions() -> dict[str, str]:
    """By language, what names the state of its texts: one name for all, since the first script leads to the second."""
    folder = Path(apps.get_app_config("chat").path) / "locale"
    found = {}
    for code, _ in settings.LANGUAGES:
        files = [folder / code / "LC_MESSAGES" / f"{domain}.mo" for domain in (PAGE, PARTS)]
        if all(file.exists() for file in files):
            found[code] = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    return found


def address(language: str, domain: str = PAGE) -> str | None:
    """None: it needs none."""
    version = versions().get(language)
    return reverse("words", args=[domain, language, version]) if version else None


def addresses() -> tuple[str, ...]:
    return tuple(reverse("words", args=[domain, *named]) for named in versions().items() for domain in (PAGE, PARTS))


@method_decorator(gzip_page, "dispatch")
class Words(JavaScriptCatalog):
    """Django's catalogue of our texts alone, without the functions and formats that come with it: static/js/words.js
    has its own."""

    packages = ["chat"]

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Another release's is not there: ours must not be kept under its name."""
        language, domain = kwargs["language"], kwargs["domain"]
        if versions().get(language) != kwargs["version"] or domain not in (PAGE, PARTS):
            raise Http404
        with override(language):
            response = super().get(request, domain=domain, more=address(language, PARTS))
        response["Content-Language"] = language
        patch_cache_control(response, public=True, immutable=True, max_age=YEAR_S)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | kwargs

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> HttpResponse:
        texts = json.dumps(context["catalog"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        if context["domain"] == PARTS:
            script = f"Object.assign(globalThis.words.texts,{texts});"
        else:
            more = json.dumps(context["more"])
            script = f"globalThis.words={{plural:(n)=>Number({context['plural']}),more:{more},texts:{texts}}};"
        return HttpResponse(script, content_type="text/javascript; charset=utf-8")
