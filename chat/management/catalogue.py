"""The texts to be translated, read from the sources, and the files they are kept in: chat/locale/<language>.

Three catalogues a language: `django` (templates and Python) and `djangojs` (the page's scripts), as Django has them;
and `parts`: what is said seldom, by those scripts that come when they are asked for (static/js/parts.js), and the
sentences of the error codes, which go over the wire in English. Babel reads and writes them; what it reads of a
template is what Django makes of it for that purpose (templatize).
"""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from itertools import chain
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from chat.protocol.errors import ErrorCode

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "chat" / "locale"
DOMAINS = ("django", "djangojs", "parts")
KEYWORDS = {"gettext": None, "gettext_lazy": None, "gettext_noop": None, "ngettext": (1, 2), "_": None}
# Also within `${…}`.
OPTIONS = {"parse_template_string": True}
PART = re.compile(r'\bfile\("\./([^"]+\.js)"\)')
TEXT = r"""u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*\""""
CALL = re.compile(rf"\bgettext\((?P<text>{TEXT})\)")
PLURAL = re.compile(rf"\bngettext\((?P<one>{TEXT}),\s*(?P<many>{TEXT}),")

WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)

# A text, or its singular and plural.
Message = str | tuple[str, ...]


def sources(domain: str) -> Catalog:
    """All there is to translate, with the files it is from."""
    catalog = Catalog()
    for path, message in _found(domain):
        catalog.add(message, locations=[(path, 0)])
    return catalog


def _found(domain: str) -> Iterator[tuple[str, Message]]:
    scripts = ROOT / "static" / "js"
    parts = {scripts / name for lists in scripts.glob("*parts.js") for name in PART.findall(lists.read_text())}
    if domain == "djangojs":
        yield from _calls("javascript", sorted(set(scripts.rglob("*.js")) - parts))
    elif domain == "parts":
        page = {message for _, message in _found("djangojs")}
        codes = (("chat/protocol/errors.py", code.text) for code in ErrorCode)
        yield from (found for found in chain(_calls("javascript", sorted(parts)), codes) if found[1] not in page)
    else:
        files = sorted(path for app in ("chat", "messenger", "receipts") for path in (ROOT / app).rglob("*.py"))
        yield from _calls("python", files)
        for path in sorted(path for path in (ROOT / "templates").rglob("*") if path.suffix in (".html", ".js")):
            yield from ((_name(path), text) for text in _of_template(path.read_text()))


def _calls(method: str, paths: list[Path]) -> Iterator[tuple[str, Message]]:
    for path in paths:
        with path.open("rb") as file:
            for _line, message, _comments, _context in extract(method, file, KEYWORDS, options=OPTIONS):
                yield _name(path), message


def _of_template(source: str) -> list[Message]:
    told = templatize(source)
    single: list[Message] = [ast.literal_eval(call["text"]) for call in CALL.finditer(told)]
    return single + [(ast.literal_eval(call["one"]), ast.literal_eval(call["many"])) for call in PLURAL.finditer(told)]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def file(language: str, domain: str, suffix: str = "po") -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.{suffix}"


def kept(language: str, domain: str) -> Catalog:
    """As it is translated; empty where there is nothing yet."""
    path = file(language, domain)
    with BytesIO(path.read_bytes() if path.exists() else b"") as stream:
        return read_po(stream, locale=language)


def refreshed(language: str, domain: str) -> Catalog:
    """The sources' texts, with the translations there are, be it in another catalogue. Nothing is guessed, and what is
    gone is gone."""
    before = [kept(language, each) for each in sorted(DOMAINS, key=lambda each: each != domain)]
    wanted = sources(domain)
    # Nothing that changes by itself: the same texts are the same files.
    fresh = Catalog(
        language,
        header_comment="# Refreshed by `make messages`.",
        project="messenger",
        version="1",
        msgid_bugs_address="as any bug",
        last_translator="the project",
        language_team="the project",
        creation_date=WRITTEN,
        revision_date=WRITTEN,
        fuzzy=False,
    )
    for message in wanted:
        if message.id:
            known = next((found for each in before if (found := each.get(message.id))), None)
            fresh.add(message.id, known.string if known else None, locations=message.locations)
    return fresh


def compiled(catalog: Catalog) -> bytes:
    stream = BytesIO()
    write_mo(stream, catalog)
    return stream.getvalue()


def write(language: str, domain: str, catalog: Catalog) -> None:
    path = file(language, domain)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        write_po(stream, catalog, width=120, sort_output=True, include_lineno=False)
    # From what was written, as anyone else would.
    file(language, domain, "mo").write_bytes(compiled(kept(language, domain)))
