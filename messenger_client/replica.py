"""What a device makes of entries and changes, in whatever order they come. Pure; tests/shared/replica.json holds this,
the server's rule and the browser's to the same cases.

- An entry and a change name a revision; the higher one holds. An entry as it was sent has revision 0.
- A deletion for all is the last change of an entry. "Deleted for me" (hide) is for good, whatever comes after.
- A change to an entry that is not here is kept: the entry may be under way in a page that was read before.
"""

from collections.abc import Iterable
from typing import Any

EDIT, DELETE, HIDE = "edit", "delete", "hide"

Doc = dict[str, Any]


def revision(entry: Doc) -> int:
    return int(entry.get("rev", 0))


def changed(entry: Doc, change: Doc) -> Doc:
    """The entry after an edit or a deletion."""
    kept = {key: value for key, value in entry.items() if key not in ("body", "edited_at")}
    more: Doc = {key: change[key] for key in ("rev", "body", "edited_at", "resent_as") if key in change}
    return {**kept, **more, **({"deleted": True} if change["type"] == DELETE else {})}


class Replica:
    """A part of one conversation. `entries`: what there is to show; `changes`: kept for entries that are not here, and
    what is hidden. Both by seq."""

    def __init__(self, entries: Iterable[Doc] = (), changes: Iterable[Doc] = ()) -> None:
        self.entries = {entry["seq"]: entry for entry in entries}
        self.changes = {change["seq"]: change for change in changes}

    def take_entries(self, entries: Iterable[Doc]) -> None:
        for entry in entries:
            known = self.entries.get(entry["seq"])
            if known is None or revision(entry) >= revision(known):
                self.entries[entry["seq"]] = entry
            self._apply(entry["seq"])

    def take_changes(self, changes: Iterable[Doc]) -> None:
        for change in changes:
            kept = self.changes.get(change["seq"])
            if kept is not None and kept["type"] == HIDE:
                continue
            if kept is None or change["type"] == HIDE or change["rev"] > kept["rev"]:
                self.changes[change["seq"]] = change
            self._apply(change["seq"])

    def _apply(self, seq: int) -> None:
        entry, change = self.entries.get(seq), self.changes.get(seq)
        if entry is None or change is None:
            return
        if change["type"] == HIDE:
            del self.entries[seq]
            return
        if change["rev"] > revision(entry):
            self.entries[seq] = changed(entry, change)
        del self.changes[seq]
