"""The bench runs and its counts add up. Nothing about speed: that is for a quiet machine."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.template import CLONE

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1_600)]


def run_bench(report: Path, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench", "--smoke", "--json", str(report), *arguments]
    done = subprocess.run(command, cwd=CLONE, capture_output=True, text=True, timeout=1_500)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "accepted : floor" in done.stdout
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def test_what_was_sent_came_back(tmp_path: Path) -> None:
    """On one server: what differs between the two is tested elsewhere."""
    server = "daphne"
    found = run_bench(tmp_path / "report.json", "--server", server)
    figures = {(row["scenario"], row["name"]): row["value"] for row in found["figures"]}
    assert not [key for key, value in figures.items() if value is None]
    loads = ("full", "steady", "counts", "encoding messenger.v1.json", "encoding messenger.v1.proto")
    assert set(found["loads"]) == {f"{name} {server}" for name in loads}
    for load in found["loads"].values():
        counts = load["counts"]
        assert counts["sent"] > 0, load
        assert counts["accepted"] == counts["pushed"] == counts["ticked"] == counts["sent"], (counts, load["left"])
        assert not any(load["left"].values())
        # Pushed twice is allowed (at least once), and slow machines see it.
        assert not {"errors", "rejected", "closed"} & set(counts)
        assert counts["ack_frames"] > 0
    assert found["loads"][f"steady {server}"]["counts"]["seen"] == found["loads"][f"steady {server}"]["counts"]["sent"]
    assert figures["counts", "exchanges with PostgreSQL a batch"] >= 1
    assert figures["counts", "SQL statements per 1,000 receipts"] > 0
    assert (
        figures["encoding", "message pushed: smaller by"] > 35 and figures["encoding", "receipts told: smaller by"] > 35
    )
    assert figures["idle", "PSS of an idle socket"] > 0
    assert figures["away", "one conversation: entries that came"] == 300
    assert 0 < figures["crowd", "group: frames of ticks to its sender"] <= 20
    assert figures["crowd", "errors"] == 0 and figures["crowd", "entries a device"] == 20
    assert figures["rest", "accepted"] > 0 and figures["rest", "answers that were not 201"] == 0
    assert figures["rest", "entries that came"] == 300
    assert figures["upload", "9 MB in one request"] > 0 and figures["upload", "files that came back otherwise"] == 0
    assert figures["recur", "inboxes, and messages"] == 2_000
    assert figures["search", "rare: p50"] > 0 and figures["search", "no hit: p95"] > 0
    assert figures["recur", "purge, a day of messages due"] > 0 and figures["recur", "purge"] > 0
