"""The audit log: a line for each act of a moderator, written in the transaction of the act, or neither is.

Its lock is the last that a transaction takes: whoever appends takes no other lock afterwards, so nobody who waits for
it holds up what another needs. It is held until the commit; so numbers have no gaps, and lines stand in the order of
their commits.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from chat.models import AuditEntry, User
from chat.policy.audit import Broken, Head, Line, Sealed, seal, verify

__all__ = ["Act", "Broken", "Head", "append", "check"]

logger = logging.getLogger(__name__)

# Any number that nothing else in this database locks.
LOCK = 7_305_004_118
CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Act:
    """`kind` and `target`: what it was done to. `details` hold ids, names of fields and flags; never a text of people,
    nor a secret: what is in this log stays."""

    action: str
    kind: str
    target: str
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def append(actor: User, act: Act) -> Head:
    """As the last thing that its transaction does. The new head, which goes into the process's log as well: an anchor
    outside the database."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("an act and its line are one transaction")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    last = AuditEntry.objects.order_by("-number").values_list("number", "digest").first()
    head = Head(last[0], bytes(last[1])) if last else Head()
    sealed = seal(
        Line(
            number=head.number + 1,
            at=timezone.now(),
            actor=actor.id,
            actor_name=actor.username,
            action=act.action,
            kind=act.kind,
            target=act.target,
            reason=act.reason,
            details=dict(act.details),
        ),
        head,
    )
    _store(sealed)
    made = Head(sealed.line.number, sealed.digest)
    transaction.on_commit(lambda: logger.info("audit log at %s", made))
    return made


def check(anchor: Head | None = None) -> Head:
    """Reads all of it, in one statement. Raises Broken."""
    return verify(_stored(), anchor)


def _store(sealed: Sealed) -> None:
    line = sealed.line
    AuditEntry.objects.create(
        number=line.number,
        at=line.at,
        actor=line.actor,
        actor_name=line.actor_name,
        action=line.action,
        kind=line.kind,
        target=line.target,
        reason=line.reason,
        details=line.details,
        previous=sealed.previous,
        digest=sealed.digest,
    )


def _stored() -> Iterator[Sealed]:
    for row in AuditEntry.objects.order_by("number").iterator(CHUNK):
        line = Line(
            number=row.number,
            at=row.at,
            actor=row.actor,
            actor_name=row.actor_name,
            action=row.action,
            kind=row.kind,
            target=row.target,
            reason=row.reason,
            details=row.details,
        )
        yield Sealed(line, bytes(row.previous), bytes(row.digest))
