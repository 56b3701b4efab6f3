"""Facts in, outcomes out: what becomes of a batch of sends. Pure; the whole truth table is property-tested.

A batch is folded in arrival order against facts read under the conversations' locks; what an earlier send of the
batch becomes counts for the later ones. For one send the first matching rule decides:

    conversation locked by someone else      Skipped      back to the head of the queue
    device revoked or person inactive        Refused      AUTHENTICATION_FAILED
    not a member (or no such conversation)   Refused      NOT_FOUND, one answer for both
    key known, same digest                   Accepted     duplicate: the first time's id, seq and time
    key known, other digest                  Refused      IDEMPOTENCY_CONFLICT
    `after` not in the log                   Deferred     PREDECESSOR_MISSING
    answered entry not for them to read      Refused      INVALID_REPLY
    an attachment not free for them to send  Refused      INVALID_ATTACHMENT
    otherwise                                Accepted     head + 1

The key is (sender, client_id), never the client_id alone. A member who was accepted once and is not a member any
more gets NOT_FOUND even for a repeat: what they may not read they may not probe.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chat.policy.visibility import Readable
from chat.protocol.errors import ErrorCode

Key = tuple[str, str]
"""(sender's user id, client_id)"""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A validated send as it waits in the queue. Ids are lower-case UUID strings."""

    conv: str
    sender: str
    device: str
    client_id: str
    body: str
    message_id: str
    after: str | None = None
    reply_to: int | None = None
    reply_to_id: str | None = None
    attachments: tuple[str, ...] = ()

    @property
    def is_reply(self) -> bool:
        return self.reply_to is not None or self.reply_to_id is not None


@dataclass(frozen=True, slots=True)
class Head:
    """A conversation under this transaction's lock."""

    last_seq: int
    members_rev: int
    floor_seq: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """An entry that is in the log. `at`: milliseconds since 1970."""

    conv: str
    message_id: str
    seq: int
    digest: bytes
    at: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database says, read after the locks were taken.

    `heads`: the locked conversations only. `locked_out`: those another transaction holds. `members`: (conversation,
    user) of those present. `readable`: what they may read, of those at least who answer something. `devices`: those
    that may act. `known`: entries by key. `files`: (owner, id) of complete uploads that no message has yet.
    """

    heads: Mapping[str, Head]
    members: Collection[tuple[str, str]]
    readable: Mapping[tuple[str, str], Readable]
    devices: frozenset[str]
    known: Mapping[Key, Known]
    locked_out: frozenset[str] = frozenset()
    files: Collection[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Accepted:
    """Durable once the transaction commits. `duplicate`: it already was."""

    entry: Known
    reply_to: int | None
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Refused:
    code: ErrorCode


@dataclass(frozen=True, slots=True)
class Deferred:
    """Retryable: nothing is wrong with the send itself."""

    code: ErrorCode


@dataclass(frozen=True, slots=True)
class Skipped:
    """Not decided: its conversation is held by another transaction."""


Outcome = Accepted | Refused | Deferred | Skipped


def digest(conv: str, body: str, reply_to: int | None, attachments: Iterable[str] = ()) -> bytes:
    """16 bytes that are equal exactly for equal content; lengths keep the fields apart."""
    parts = [conv, body, "" if reply_to is None else str(reply_to), *attachments]
    encoded = [part.encode() for part in parts]
    text = b"".join(b"%d:%b" % (len(part), part) for part in encoded)
    return hashlib.blake2b(text, digest_size=16).digest()


def _digest_of(send: Proposal, reply: int | None) -> bytes:
    return digest(send.conv, send.body, reply, send.attachments)


@dataclass(slots=True)
class _Fold:
    """The state between two sends of a batch."""

    facts: Facts
    at: int
    heads: dict[str, int] = field(default_factory=dict)
    fresh: dict[Key, Known] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def find(self, sender: str, client_id: str) -> Known | None:
        key = (sender, client_id)
        return self.fresh.get(key) or self.facts.known.get(key)

    def cause(self, send: Proposal) -> int | Refused | None:
        """The seq being answered, None for no reply, Refused if an own client_id names nothing here."""
        if send.reply_to_id is None:
            return send.reply_to
        cause = self.find(send.sender, send.reply_to_id)
        if cause is None or cause.conv != send.conv:
            return Refused(ErrorCode.INVALID_REPLY)
        return cause.seq

    def is_visible(self, send: Proposal, seq: int) -> bool:
        return seq <= self.head(send.conv) and self.facts.readable[send.conv, send.sender].allows(seq)

    def head(self, conv: str) -> int:
        return self.heads.get(conv, self.facts.heads[conv].last_seq)

    def repeat(self, first: Known, send: Proposal, reply: int | Refused | None) -> Outcome:
        """The same key again: the same answer, or a conflict. What it answered may have expired since."""
        if isinstance(reply, Refused) or first.digest != _digest_of(send, reply):
            return Refused(ErrorCode.IDEMPOTENCY_CONFLICT)
        return Accepted(first, reply, duplicate=True)

    def append(self, send: Proposal, reply: int | None) -> Accepted:
        seq = self.head(send.conv) + 1
        entry = Known(send.conv, send.message_id, seq, _digest_of(send, reply), self.at)
        self.heads[send.conv] = seq
        self.fresh[send.sender, send.client_id] = entry
        self.taken.update(send.attachments)
        return Accepted(entry, reply, duplicate=False)

    def are_free(self, send: Proposal) -> bool:
        """Each of its attachments, once."""
        wanted = set(send.attachments)
        files = self.facts.files
        return (
            len(wanted) == len(send.attachments)
            and not wanted & self.taken
            and all((send.sender, each) in files for each in wanted)
        )

    def outcome(self, send: Proposal) -> Outcome:
        facts = self.facts
        if send.conv in facts.locked_out:
            return Skipped()
        if send.device not in facts.devices:
            return Refused(ErrorCode.AUTHENTICATION_FAILED)
        reply = self.cause(send)
        first = self.find(send.sender, send.client_id)
        if (send.conv, send.sender) not in facts.members or send.conv not in facts.heads:
            # What got in before its sender left is answered as it was then: it is in the log.
            if first is not None and first.conv == send.conv:
                return self.repeat(first, send, reply)
            return Refused(ErrorCode.NOT_FOUND)
        if first is not None:
            return self.repeat(first, send, reply)
        if send.after is not None:
            before = self.find(send.sender, send.after)
            if before is None or before.conv != send.conv:
                return Deferred(ErrorCode.PREDECESSOR_MISSING)
        if isinstance(reply, Refused):
            return reply
        if reply is not None and not self.is_visible(send, reply):
            return Refused(ErrorCode.INVALID_REPLY)
        if send.attachments and not self.are_free(send):
            return Refused(ErrorCode.INVALID_ATTACHMENT)
        return self.append(send, reply)


def decide(batch: Sequence[Proposal], facts: Facts, at: int) -> list[Outcome]:
    """One outcome a send, in order. `at`: the server's time for what is new, milliseconds since 1970."""
    fold = _Fold(facts, at)
    return [fold.outcome(send) for send in batch]
