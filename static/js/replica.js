// What a device makes of entries and changes, in whatever order they come (chat/policy/replica.py is the same rule, and
// tests/shared/replica.json holds both to it). Pure.
//
// An entry and a change name a revision; the higher one holds. An entry as it was sent has revision 0. A deletion for
// all is an entry's last change; "deleted for me" (hide) is for good. A change to an entry that is not here is kept: the
// entry may be under way in a page that was read before.

export const revision = (entry) => entry.rev ?? 0;

// The entry after an edit or a deletion.
export function changed(entry, { type, rev, body, edited_at, resent_as }) {
  const { body: _, edited_at: __, attachments, ...kept } = entry;
  const more = { rev, body, edited_at, resent_as, deleted: type === "delete" ? true : undefined, attachments: type === "delete" ? undefined : attachments };
  return { ...kept, ...Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined)) };
}

const bySeq = (items) => new Map([...items].map((item) => [item.seq, item]));

export class Replica {
  constructor(entries = [], changes = []) {
    this.entries = bySeq(entries);
    this.changes = bySeq(changes);
  }

  takeEntries(entries) {
    for (const entry of entries) {
      const known = this.entries.get(entry.seq);
      if (!known || revision(entry) >= revision(known)) this.entries.set(entry.seq, entry);
      this.#apply(entry.seq);
    }
  }

  takeChanges(changes) {
    for (const change of changes) {
      const kept = this.changes.get(change.seq);
      if (kept?.type === "hide") continue;
      if (!kept || change.type === "hide" || change.rev > kept.rev) this.changes.set(change.seq, change);
      this.#apply(change.seq);
    }
  }

  #apply(seq) {
    const [entry, change] = [this.entries.get(seq), this.changes.get(seq)];
    if (!entry || !change) return;
    if (change.type === "hide") {
      this.entries.delete(seq);
      return;
    }
    if (change.rev > revision(entry)) this.entries.set(seq, changed(entry, change));
    this.changes.delete(seq);
  }
}
