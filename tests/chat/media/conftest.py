"""A storage of the test's own."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def storage(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "media"
    return tmp_path / "media"
