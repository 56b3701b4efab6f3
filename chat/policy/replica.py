"""What a device makes of entries and changes, in whatever order they come. Pure; the browser's replica.js is the same
rule, and tests/shared/replica.json holds both to it.

- An entry and a change name a revision; the higher one holds. An entry as it was sent has revision 0.
- A deletion for all is the last change of an entry. "Deleted for me" is for good, whatever comes after.
- A change to an entry the device does not have is kept: the entry may be under way in a page that was read before.

So following changes leads where loading everything afresh leads (V13), also with late, repeated or reordered pages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

EDIT, DELETE, HIDE = "edit", "delete", "hide"


@dataclass(slots=True)
class Replica:
    """One conversation on one device. `entries`: what it would show, by seq."""

    _entries: dict[int, dict[str, Any]] = field(default_factory=dict)
    _changes: dict[int, dict[str, Any]] = field(default_factory=dict)
    _hidden: set[int] = field(default_factory=set)

    def take_entries(self, entries: Iterable[Mapping[str, Any]]) -> None:
        for entry in entries:
            seq = entry["seq"]
            known = self._entries.get(seq)
            if known is None or entry.get("rev", 0) >= known.get("rev", 0):
                self._entries[seq] = dict(entry)
            self._apply(seq)

    def take_changes(self, changes: Iterable[Mapping[str, Any]]) -> None:
        for change in changes:
            seq = change["seq"]
            if change["type"] == HIDE:
                self._hidden.add(seq)
                continue
            known = self._changes.get(seq)
            if known is None or change["rev"] > known["rev"]:
                self._changes[seq] = dict(change)
            self._apply(seq)

    def _apply(self, seq: int) -> None:
        entry, change = self._entries.get(seq), self._changes.get(seq)
        if entry is None or change is None:
            return
        if change["rev"] > entry.get("rev", 0):
            self._entries[seq] = changed(entry, change)
        del self._changes[seq]

    def get(self, seq: int) -> dict[str, Any] | None:
        """The entry, hidden or not."""
        return self._entries.get(seq)

    @property
    def entries(self) -> dict[int, dict[str, Any]]:
        return {seq: self._entries[seq] for seq in sorted(self._entries) if seq not in self._hidden}


def changed(entry: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The entry after an edit or a deletion."""
    kept = {key: value for key, value in entry.items() if key not in ("body", "edited_at")}
    more = {key: change[key] for key in ("rev", "body", "edited_at", "resent_as") if key in change}
    return {**kept, **more, **({"deleted": True} if change["type"] == DELETE else {})}
