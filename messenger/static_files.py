"""Static files as they are served: small, under names that carry their content's hash, also in ES module imports."""

from collections.abc import Iterator
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from rcssmin import cssmin
from rjsmin import jsmin
from servestatic.storage import CompressedManifestStaticFilesStorage

# The admin's files are Django's own, and stay as they came.
OURS = ("js/", "css/")
MAKE_SMALL = {"js": jsmin, "css": cssmin}


def made_small(name: str, text: str) -> str:
    """Without comments, indentation and empty lines; what is done stays the same. rjsmin reads no template literal
    inside another one: tests/messenger/test_static_files.py keeps them out of static/js."""
    small: str = MAKE_SMALL[name.rpartition(".")[2]](text)
    return small


class SmallSource:
    """The files of another storage, small. They are so before they get their hash."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage

    def open(self, name: str) -> "ContentFile[bytes]":
        with self.storage.open(name) as file:
            return ContentFile(made_small(name, file.read().decode()).encode())


# Of parts that are loaded when they are asked for (static/js/lazy.js).
RESOLVED = (r"""(?P<matched>import\.meta\.resolve\("(?P<url>\.[^"]+)"\))""", 'import.meta.resolve("%(url)s")')


class HashedModuleStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Rewrites `import "./x.js"` and `import.meta.resolve("./x.js")`, so that no inline import map is needed and the
    content policy stays strict."""

    support_js_module_import_aggregation = True
    # One a step of the longest way from app.js through modules and parts. Only a circle would never be done.
    max_post_process_passes = 20
    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("*.js", (RESOLVED,)))

    def post_process(self, paths: dict[str, tuple[Storage, str]], **options: Any) -> Iterator[tuple[Any, ...]]:
        small = {
            name: (SmallSource(storage) if name.startswith(OURS) else storage, path)
            for name, (storage, path) in paths.items()
        }
        yield from super().post_process(small, **options)
