"""The cases to which every implementation of a rule is held."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "shared"


def cases(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text())
    return found
