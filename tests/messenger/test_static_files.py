"""Static files are served small, and do what they did; what the page loads by itself stays within what it may weigh."""

import json
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.test import RequestFactory

from chat.web import words
from messenger.static_files import HashedModuleStorage, made_small

ROOT = Path(settings.BASE_DIR)
STATIC = ROOT / "static"
# Of the chats' page: scripts and styles as served, before compression; and, on top, its texts in another language.
MOST_BYTES = 150_000
MOST_TEXT_BYTES = 5_500
NESTED_TEMPLATE = re.compile(r"\$\{[^}`]*`")
IMPORT = re.compile(r'(?:\bfrom|\bimport) ?"(\.[^"]+)"')
RESOLVED = re.compile(r'\bfile\("([^"]+)"\)')
PARTS = re.compile(r"^  (\w+): \[(.*?)\],?$", re.MULTILINE | re.DOTALL)
LANGUAGES = [code for code, _ in settings.LANGUAGES]


class Collected(NamedTuple):
    """The folder, and the name of each file in it by its own."""

    folder: Path
    served: dict[str, str]

    def text(self, name: str) -> str:
        return (self.folder / self.served[name]).read_text()


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Collected:
    folder = tmp_path_factory.mktemp("collected") / "static"
    shutil.copytree(STATIC, folder)
    source = FileSystemStorage(location=STATIC)
    names = [str(path.relative_to(STATIC)) for path in STATIC.rglob("*") if path.is_file()]
    storage = HashedModuleStorage(location=folder, base_url="/static/")
    for _, _, processed in storage.post_process({name: (source, name) for name in names}):
        if isinstance(processed, Exception):
            raise processed
    return Collected(folder, json.loads((folder / "staticfiles.json").read_text())["paths"])


def imported(start: Path) -> set[Path]:
    """A module, and all that it imports without being asked."""
    found: set[Path] = set()
    left = [start]
    while left:
        path = left.pop()
        if path not in found:
            found.add(path)
            left += [(path.parent / name).resolve() for name in IMPORT.findall(path.read_text())]
    return found


def at_start(folder: Path, served: dict[str, str]) -> set[Path]:
    """What the chats' page loads by itself, but for its texts."""
    html = "".join((ROOT / "templates" / name).read_text() for name in ("base.html", "chat.html"))
    named = {name for name in re.findall(r"{% static '([^']+)' %}", html) if name.endswith((".js", ".css"))}
    found = {path for name in named for path in imported((folder / served[name]).resolve())}
    # The start of a Worker.
    return found | {(folder / "js" / "pulse.js").resolve()}


def texts(language: str) -> bytes:
    named = {"domain": words.PAGE, "language": language, "version": words.versions().get(language)}
    if not named["version"]:
        return b""
    content: bytes = words.Words.as_view()(RequestFactory().get("/"), **named).content
    return content


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_page_loads_by_itself_stays_within_what_it_may_weigh(collected: Collected, language: str) -> None:
    files = at_start(*collected)
    size = sum(path.stat().st_size for path in files)
    assert any(path.name.startswith("sync.") for path in files)
    assert 50_000 < size <= MOST_BYTES
    assert len(texts(language)) <= MOST_TEXT_BYTES


def test_each_part_names_every_file_it_is_made_of() -> None:
    """One that only an import leads to could not be loaded again once it failed (static/js/lazy.js)."""
    page = at_start(STATIC, {name: name for name in ("js/theme.js", "js/app.js", "css/messenger.css")})
    parts = named_parts("parts.js")
    assert "settings" in parts
    # Those that one of these opens find all of it there.
    of_groups = named_parts("group_parts.js")
    assert "people" in of_groups
    for there, found in ((page, parts), (page | set(parts["groups"]), of_groups)):
        for name, files in found.items():
            scripts = {file for file in files if file.suffix == ".js"}
            assert imported(next(iter(files))) - there == scripts, name


def named_parts(name: str) -> dict[str, dict[Path, None]]:
    """By its name, the files of each, in their order."""
    source = (STATIC / "js" / name).read_text()
    shared = dict(re.findall(r"^const (\w+) = (\[.*?\]);$", source, re.MULTILINE | re.DOTALL))
    wholes = {
        part: re.sub(r"\.\.\.(\w+)", lambda match: shared[match[1]], body) for part, body in PARTS.findall(source)
    }
    return {
        part: dict.fromkeys((STATIC / "js" / file).resolve() for file in RESOLVED.findall(whole))
        for part, whole in wholes.items()
    }


def test_no_comment_is_served_and_every_way_leads_to_hashed_names(collected: Collected) -> None:
    app, parts = collected.text("js/app.js"), collected.text("js/parts.js")
    assert "Puts the parts together" not in app
    imports = IMPORT.findall(app)
    assert "./sync.js" not in imports and f"./{Path(collected.served['js/sync.js']).name}" in imports
    resolved = RESOLVED.findall(parts)
    assert f"./views/{Path(collected.served['js/views/settings.js']).name}" in resolved
    assert all((collected.folder / "js" / name).is_file() and re.search(r"\.[0-9a-f]{6}\.", name) for name in resolved)
    ours = [name for name in collected.served if name.endswith((".js", ".css"))]
    assert not any("/*" in collected.text(name) for name in ours)


@pytest.mark.parametrize(
    ("name", "text", "small"),
    [
        ("a.js", "// why\nexport const a = 1;\n", "export const a=1;"),
        ("a.js", "const url = `https://x/${a} // b`; // c\n", "const url=`https://x/${a} // b`;"),
        ("a.js", "const web = /https?:\\/\\/\"/u; // it's\n", 'const web=/https?:\\/\\/"/u;'),
        (
            "a.js",
            "class A {\n #count = 0;\n get #own() { return `${this.#count} #count`; }\n b = '#own' + this.#own;\n}\n",
            "class A{#b=0;get#a(){return`${this.#b} #count`;}\nb='#own'+this.#a;}",
        ),
        ("a.js", "class A { #b = /[\"]/u; c = this.#b + '\"'; }\n", "class A{#b=/[\"]/u;c=this.#b+'\"';}"),
        ("a.css", "/* why */\na  b {\n  width: calc(1px + 2px);\n}\n", "a b{width:calc(1px + 2px)}"),
    ],
)
def test_text_and_patterns_stay(name: str, text: str, small: str) -> None:
    assert made_small(name, text) == small


def test_no_template_literal_is_inside_another() -> None:
    assert NESTED_TEMPLATE.search("`a ${b ? `c` : ''}`")
    for path in STATIC.rglob("*.js"):
        assert not NESTED_TEMPLATE.search(path.read_text()), path
