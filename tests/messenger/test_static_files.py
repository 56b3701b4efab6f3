"""Static files are served small, and do what they did."""

import json
import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage

from messenger.static_files import HashedModuleStorage, made_small

STATIC = Path(settings.BASE_DIR) / "static"
# As served, before compression. 150,000 were wanted of the page; telling tabs, clocks, full disks and whose page it is
# apart took it beyond that (docs/architecture.md). It is not to grow unnoticed.
MOST_BYTES = 165_000
NESTED_TEMPLATE = re.compile(r"\$\{[^}`]*`")


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The folder, and the name of each file in it by its own."""
    folder = tmp_path_factory.mktemp("collected") / "static"
    shutil.copytree(STATIC, folder)
    source = FileSystemStorage(location=STATIC)
    names = [str(path.relative_to(STATIC)) for path in STATIC.rglob("*") if path.is_file()]
    storage = HashedModuleStorage(location=folder, base_url="/static/")
    for _, _, processed in storage.post_process({name: (source, name) for name in names}):
        if isinstance(processed, Exception):
            raise processed
    return folder, json.loads((folder / "staticfiles.json").read_text())["paths"]


def scripts_and_styles(paths: dict[str, str]) -> list[str]:
    """What the chats' page is made of."""
    return [served for name, served in paths.items() if name.endswith((".js", ".css")) and name != "css/docs.css"]


def test_script_and_style_stay_within_what_the_page_may_weigh(collected: tuple[Path, dict[str, str]]) -> None:
    folder, paths = collected
    size = sum((folder / served).stat().st_size for served in scripts_and_styles(paths))
    assert 50_000 < size <= MOST_BYTES


def test_no_comment_is_served_and_imports_lead_to_hashed_names(collected: tuple[Path, dict[str, str]]) -> None:
    folder, paths = collected
    app = (folder / paths["js/app.js"]).read_text()
    assert "Puts the parts together" not in app
    imports = re.findall(r'from ?"\./([^"]+)"', app)
    assert "sync.js" not in imports and Path(paths["js/sync.js"]).name in imports
    assert not any("/*" in (folder / served).read_text() for served in scripts_and_styles(paths))


@pytest.mark.parametrize(
    ("name", "text", "small"),
    [
        ("a.js", "// why\nexport const a = 1;\n", "export const a=1;"),
        ("a.js", "const url = `https://x/${a} // b`; // c\n", "const url=`https://x/${a} // b`;"),
        ("a.js", "const web = /https?:\\/\\/\"/u; // it's\n", 'const web=/https?:\\/\\/"/u;'),
        ("a.css", "/* why */\na  b {\n  width: calc(1px + 2px);\n}\n", "a b{width:calc(1px + 2px)}"),
    ],
)
def test_text_and_patterns_stay(name: str, text: str, small: str) -> None:
    assert made_small(name, text) == small


def test_no_template_literal_is_inside_another() -> None:
    assert NESTED_TEMPLATE.search("`a ${b ? `c` : ''}`")
    for path in STATIC.rglob("*.js"):
        assert not NESTED_TEMPLATE.search(path.read_text()), path
