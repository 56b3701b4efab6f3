"""Static files as they are served: small, under names that carry their content's hash, also in ES module imports."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from rcssmin import cssmin
from rjsmin import jsmin
from servestatic.storage import CompressedManifestStaticFilesStorage

# The admin's files are Django's own, and stay as they came.
OURS = ("js/", "css/")
# A string, a template literal, or a private name of a class.
PRIVATE = re.compile(r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(`(?:[^`\\]|\\.)*`)|#([a-z]\w*)""")
REACHED = re.compile(r"\.#([a-z]\w*)")


def small_script(text: str) -> str:
    """Private names are known to their file alone, and may be short."""
    plain: str = jsmin(text)
    names = Counter(found[3] for found in PRIVATE.finditer(plain) if found[3])
    short = {name: _letters(n) for n, (name, _) in enumerate(names.most_common())}

    def shorten(found: re.Match[str]) -> str:
        string, template, name = found.groups()
        if template:
            return REACHED.sub(lambda inner: f".#{short.get(inner[1], inner[1])}", template)
        return string or f"#{short[name]}"

    small = PRIVATE.sub(shorten, plain)
    # A pattern with a quote in it can be taken for the start of a string: then the file stays as it is.
    is_whole = Counter(REACHED.findall(small)) == Counter(short.get(name, name) for name in REACHED.findall(plain))
    return small if is_whole else plain


def _letters(number: int) -> str:
    """a, b … z, aa, ab …"""
    more, last = divmod(number, 26)
    return (_letters(more - 1) if more else "") + chr(ord("a") + last)


MAKE_SMALL = {"js": small_script, "css": cssmin}


def made_small(name: str, text: str) -> str:
    """Without comments, indentation, empty lines and long private names; what is done stays the same. rjsmin reads no
    template literal inside another one: tests/messenger/test_static_files.py keeps them out of static/js."""
    small: str = MAKE_SMALL[name.rpartition(".")[2]](text)
    return small


class SmallSource:
    """The files of another storage, small. They are so before they get their hash."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def open(self, name: str) -> "ContentFile[bytes]":
        with self.storage.open(name) as file:
            return ContentFile(made_small(name, file.read().decode()).encode())


HASH_CHARS = 6
# Of parts that are loaded when they are asked for (static/js/lazy.js).
RESOLVED = (r"""(?P<matched>\bfile\("(?P<url>\.[^"]+)"\))""", 'file("%(url)s")')


class HashedModuleStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Rewrites `import "./x.js"` and, in parts.js and group_parts.js, `file("./x.js")`, so that no inline import map is
    needed and the content policy stays strict."""

    support_js_module_import_aggregation = True
    # One a step of the longest way from app.js through modules and parts. Only a circle would never be done.
    max_post_process_passes = 20
    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("*parts.js", (RESOLVED,)))

    def file_hash(self, name: str, content: Any = None) -> str | None:
        """Enough to tell the versions of one file apart; each name stands in every file that imports it."""
        whole: str | None = super().file_hash(name, content)
        return whole and whole[:HASH_CHARS]

    def post_process(self, paths: dict[str, tuple[Storage, str]], **options: Any) -> Iterator[tuple[Any, ...]]:
        small = {
            name: (SmallSource(storage) if name.startswith(OURS) else storage, path)
            for name, (storage, path) in paths.items()
        }
        yield from super().post_process(small, **options)
