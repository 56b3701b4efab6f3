"""V13: whatever way a device learns of a conversation, it ends with what loading everything anew would give.

The server's side is a plain log. A device is handed what the server would say, in any order: pages read at any
moment and arriving late, entries as they were pushed, batches of changes, repeated and reordered.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from chat.policy.replica import Replica

Told = tuple[str, list[dict[str, Any]]]
"""("entries" or "changes", what a frame would hold)"""

SHARED = json.loads((Path(__file__).parents[2] / "shared" / "replica.json").read_text())


@dataclass
class Log:
    """The server: entries as they are now, and changes as they are told, one an entry (and one for hiding it)."""

    entries: dict[int, dict[str, Any]] = field(default_factory=dict)
    changes: dict[int, dict[str, Any]] = field(default_factory=dict)
    hides: dict[int, dict[str, Any]] = field(default_factory=dict)
    rev: int = 0

    def send(self) -> None:
        seq = len(self.entries) + 1
        self.entries[seq] = {"seq": seq, "client_id": f"c{seq}", "body": f"text {seq}"}

    def edit(self, seq: int) -> None:
        if "deleted" not in self.entries[seq]:
            self.rev += 1
            news = {"rev": self.rev, "body": f"text {seq} at {self.rev}", "edited_at": 1_790_000_000_000 + self.rev}
            self.entries[seq] = self.entries[seq] | news
            self.changes[seq] = {"seq": seq, "type": "edit"} | news

    def delete(self, seq: int, resent_as: int | None = None) -> None:
        entry = self.entries[seq]
        if "deleted" not in entry:
            self.rev += 1
            news = {"rev": self.rev} | ({"resent_as": resent_as} if resent_as else {})
            kept = {key: value for key, value in entry.items() if key not in ("body", "edited_at")}
            self.entries[seq] = kept | news | {"deleted": True}
            self.changes[seq] = {"seq": seq, "type": "delete"} | news

    def resend(self, seq: int) -> None:
        if "deleted" not in self.entries[seq]:
            self.send()
            self.delete(seq, resent_as=len(self.entries))

    def hide(self, seq: int) -> None:
        if seq not in self.hides:
            self.rev += 1
            self.hides[seq] = {"seq": seq, "rev": self.rev, "type": "hide"}

    def page(self, first: int = 1, last: int = 2**63) -> list[dict[str, Any]]:
        """What `fetch` reads now."""
        return [dict(entry) for seq, entry in self.entries.items() if first <= seq <= last and seq not in self.hides]

    def since(self, rev: int) -> list[dict[str, Any]]:
        """What a delta tells now."""
        rows = [*self.changes.values(), *self.hides.values()]
        return sorted((dict(row) for row in rows if row["rev"] > rev), key=lambda row: row["rev"])


@st.composite
def histories(draw: st.DrawFn) -> tuple[Log, list[Told]]:
    """A log and what was said of it on the way, in the order it was said."""
    log, said = Log(), list[Told]()
    for _ in range(draw(st.integers(1, 25))):
        acts = ["send"] if not log.entries else ["send", "edit", "edit", "delete", "hide", "resend", "page", "delta"]
        act, seq = draw(st.sampled_from(acts)), draw(st.integers(1, max(1, len(log.entries))))
        before = log.rev
        if act == "page":
            said.append(("entries", log.page(seq, seq + draw(st.integers(0, 5)))))
        elif act == "delta":
            said.append(("changes", log.since(draw(st.integers(0, log.rev)))))
        elif act == "send":
            log.send()
            said.append(("entries", log.page(len(log.entries))))
        else:
            getattr(log, act)(seq)
            if draw(st.booleans()):
                said.append(("changes", log.since(before)))
    return log, said


def follow(told: list[Told]) -> dict[int, dict[str, Any]]:
    replica = Replica()
    for kind, things in told:
        if kind == "entries":
            replica.take_entries(things)
        else:
            replica.take_changes(things)
    return replica.entries


@given(histories(), st.data())
def test_late_repeated_and_reordered_news_lead_to_what_loading_anew_gives(
    history: tuple[Log, list[Told]], data: st.DataObject
) -> None:
    """Everything is told in the end, as it is then (catching up guarantees it); the rest comes before, between and
    after, as it was when it was said."""
    log, said = history
    whole = [*said, *said[: data.draw(st.integers(0, len(said)))], ("entries", log.page()), ("changes", log.since(0))]
    told = data.draw(st.permutations(whole))
    event("with a late page" if told[-1][0] == "entries" else "with late changes")
    assert follow(told) == follow([("entries", log.page())]) == {entry["seq"]: entry for entry in log.page()}


@given(histories(), st.data())
def test_following_the_stream_needs_no_loading_anew(history: tuple[Log, list[Told]], data: st.DataObject) -> None:
    """What a device is owed in order: each entry as it was when it was pushed, at any time, and all changes since the
    beginning, in batches that may be told twice."""
    log, said = history
    pushed = {entry["seq"]: entry for kind, things in said if kind == "entries" for entry in reversed(things)}
    rows = log.since(0)
    cut = data.draw(st.integers(0, len(rows)))
    batches: list[Told] = [("changes", rows[:cut]), ("changes", rows[cut:]), ("changes", rows[:cut])]
    entries: list[Told] = [("entries", [pushed.get(seq, entry)]) for seq, entry in log.entries.items()]
    assert follow(data.draw(st.permutations([*entries, *batches]))) == {entry["seq"]: entry for entry in log.page()}


@pytest.mark.parametrize("case", SHARED, ids=lambda case: case["name"])
def test_the_cases_shared_with_the_browser(case: dict[str, Any]) -> None:
    told = [(kind, things) for step in case["steps"] for kind, things in step.items()]
    assert list(follow(told).values()) == case["shown"]
