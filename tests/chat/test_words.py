"""The translations: all there is, nothing that is not, compiled as they are written."""

import gettext
import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Message
from django.conf import settings
from django.utils.translation import gettext as django_gettext
from django.utils.translation import ngettext, override

from chat.management import catalogue
from chat.protocol.errors import ErrorCode

ROOT = Path(settings.BASE_DIR)
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
CASES = [(language, domain) for language in LANGUAGES for domain in catalogue.DOMAINS]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]")


def texts(string: Any) -> list[str]:
    return [string] if isinstance(string, str) else list(string or [""])


def translated(language: str, domain: str) -> list[Message]:
    return [message for message in catalogue.kept(language, domain) if message.id]


@pytest.mark.parametrize(("language", "domain"), CASES)
def test_every_text_of_the_sources_is_there_and_none_that_is_gone(language: str, domain: str) -> None:
    wanted = {message.id for message in catalogue.sources(domain) if message.id}
    assert {message.id for message in translated(language, domain)} == wanted
    kept = catalogue.kept(language, domain)
    assert not kept.obsolete and not any(message.fuzzy for message in kept)


@pytest.mark.parametrize(("language", "domain"), CASES)
def test_every_text_is_translated_with_its_placeholders(language: str, domain: str) -> None:
    for message in translated(language, domain):
        original = texts(message.id)
        strings = texts(message.string)
        assert len(strings) == (2 if len(original) == 2 else 1)
        for string in strings:
            assert string.strip() == string != "", message.id
            # A singular may say its number in a word.
            allowed = [set(PLACEHOLDER.findall(text)) for text in original]
            assert set(PLACEHOLDER.findall(string)) in allowed, message.id


@pytest.mark.parametrize(("language", "domain"), CASES)
def test_what_is_served_is_what_is_written(tmp_path: Path, language: str, domain: str) -> None:
    def served(compiled: bytes) -> dict[Any, str]:
        path.write_bytes(compiled)
        with path.open("rb") as file:
            return {key: text for key, text in gettext.GNUTranslations(file)._catalog.items() if key}  # type: ignore[attr-defined]

    path = tmp_path / "one.mo"
    written = served(catalogue.compiled(catalogue.kept(language, domain)))
    assert written and served(catalogue.file(language, domain, "mo").read_bytes()) == written


@pytest.mark.parametrize("language", LANGUAGES)
def test_ours_are_said_where_others_have_the_same_text(language: str) -> None:
    with override(language):
        for message in translated(language, "django"):
            [text, *_], [string, *_] = texts(message.id), texts(message.string)
            assert (ngettext(*texts(message.id), 1) if len(texts(message.id)) == 2 else django_gettext(text)) == string


def test_a_text_that_goes_to_another_catalogue_keeps_its_translation(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Sign out and lose them?"
    known = catalogue.kept("de", "parts").get(text)
    assert known is not None and known.string
    monkeypatch.setattr(catalogue, "PART", re.compile("(?!)"))
    moved = catalogue.refreshed("de", "djangojs").get(text)
    assert moved is not None and moved.string == known.string
    assert catalogue.refreshed("de", "parts").get(text) is None


def test_no_call_and_no_template_is_overlooked() -> None:
    """Counted by other means than the extraction's."""
    page, parts = (
        {text for message in catalogue.sources(each) if message.id for text in texts(message.id)}
        for each in ("djangojs", "parts")
    )
    assert parts and not page & parts
    found = page | parts
    for path in (ROOT / "static" / "js").rglob("*.js"):
        calls = re.findall(r"""\bn?gettext(?:_noop)?\(\s*"((?:[^"\\]|\\.)*)\"""", path.read_text())
        assert set(calls) <= found, path
    assert {code.text for code in ErrorCode} <= found
    found = {text for message in catalogue.sources("django") if message.id for text in texts(message.id)}
    # The API's page is for programmers, in English as the codes are.
    for path in (path for path in (ROOT / "templates").iterdir() if path.is_file()):
        tags = re.findall(r"""{% translate (?:"([^"]*)"|'([^']*)')""", path.read_text())
        assert {one or other for one, other in tags} <= found, path


# Two words or more, or a sentence of one.
SENTENCE = re.compile(r"""["`]([A-Z][a-z]+(?: [^"`]+|[.?…:]))["`]""")
WORDS_OF_MARKUP = re.compile(
    r"{% block body_class %}.*?{% endblock body_class %}|<svg.*?</svg>|<[^>]*>|{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL
)


def test_nothing_people_read_is_written_past_the_catalogue() -> None:
    for path in (ROOT / "static" / "js").rglob("*.js"):
        source = re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.MULTILINE)
        bare = re.sub(r"gettext(?:_noop)?\((?:[^()]|\([^()]*\))*\)", "", source)
        assert SENTENCE.findall(bare) == [], path
    for path in (ROOT / "templates").glob("*.html"):
        assert re.findall(r"[A-Za-z]{2,}", WORDS_OF_MARKUP.sub("", path.read_text())) == [], path
        assert re.findall(r'(?:aria-label|title|placeholder|alt)="[A-Za-z]', path.read_text()) == [], path
