"""Facts in, outcomes out: what becomes of a batch of sends. Pure; the whole truth table is property-tested.

A batch is folded in arrival order against facts read under the conversations' locks; what an earlier send of the
batch becomes counts for the later ones. For one send the first matching rule decides:

    conversation locked by someone else      Skipped      back to the head of the queue
    device revoked or signed out, or person  Refused      AUTHENTICATION_FAILED
    inactive
    not a member (or no such conversation)   Refused      NOT_FOUND, one answer for both
    key known, same digest                   Accepted     duplicate: the first time's id, seq and time
    key known, other digest                  Refused      IDEMPOTENCY_CONFLICT
    1:1, one has blocked the other, and      Refused      USER_BLOCKED
    not silently, or it is who sends
    the first of a 1:1, and not for them     Refused      NOT_REACHABLE (reach.py)
    to begin
    `after` not in the log                   Deferred     PREDECESSOR_MISSING
    answered entry not for them to read      Refused      INVALID_REPLY
    what is answered is no message           Refused      INVALID_REPLY
    an attachment not free for them to send  Refused      INVALID_ATTACHMENT
    someone mentioned is not a member        Refused      INVALID_MENTION
    the first of a 1:1, to a stranger, with  Refused      SPAM (spam.py)
    a text that many strangers got
    otherwise                                Accepted     head + 1

The key is (sender, client_id), never the client_id alone. Who was accepted once and is not a member any more is told
so again for a repeat, and NOT_FOUND for all else.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from chat.policy.spam import NO_LIMIT, SpamLimit, essence, is_spam
from chat.policy.visibility import Readable
from chat.protocol.errors import ErrorCode

Key = tuple[str, str]
"""(sender's user id, client_id)"""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A validated send as it waits in the queue. Ids are lower-case UUID strings. `access_rev`: its device's, when who
    sends was last looked up."""

    conv: str
    sender: str
    device: str
    client_id: str
    body: str
    message_id: str
    access_rev: int = 0
    after: str | None = None
    reply_to: int | None = None
    reply_to_id: str | None = None
    attachments: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()

    @property
    def is_reply(self) -> bool:
        return self.reply_to is not None or self.reply_to_id is not None


@dataclass(frozen=True, slots=True)
class Head:
    """A conversation under this transaction's lock."""

    last_seq: int
    members_rev: int
    floor_seq: int = 0
    is_direct: bool = False

    @property
    def is_unwritten(self) -> bool:
        """A 1:1 conversation in which nobody has said anything."""
        return self.is_direct and not self.last_seq


@dataclass(frozen=True, slots=True)
class Known:
    """An entry that is in the log. `at`: milliseconds since 1970. `is_event`: something was done, nothing said."""

    conv: str
    message_id: str
    seq: int
    digest: bytes
    at: int
    is_event: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database says, read after the locks were taken.

    `heads`: the locked conversations only. `locked_out`: those another transaction holds. `members`: (conversation,
    user) of those present. `readable`: what they may read, of those at least who answer something. `devices`: those
    that may act, each with its access_rev. `known`: entries by key. `files`: (owner, id) of complete uploads that no
    message has yet. `events`: (conversation, seq) of those answered that are no messages. `barred`: (conversation,
    user) of 1:1 conversations where a block keeps them from writing. Of those in which nothing was written yet:
    `unreachable` and `strangers`, as (conversation, sender), and how many others a text has `begun`, as (sender,
    essence).
    """

    heads: Mapping[str, Head]
    members: Collection[tuple[str, str]]
    readable: Mapping[tuple[str, str], Readable]
    devices: frozenset[tuple[str, int]]
    known: Mapping[Key, Known]
    locked_out: frozenset[str] = frozenset()
    files: Collection[tuple[str, str]] = frozenset()
    events: frozenset[tuple[str, int]] = frozenset()
    barred: Collection[tuple[str, str]] = frozenset()
    unreachable: Collection[tuple[str, str]] = frozenset()
    strangers: Collection[tuple[str, str]] = frozenset()
    begun: Mapping[tuple[str, bytes], int] = field(default_factory=dict)
    spam: SpamLimit = NO_LIMIT


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


def digest(
    conv: str, body: str, reply_to: int | None, attachments: Iterable[str] = (), mentions: Iterable[str] = ()
) -> bytes:
    """16 bytes that are equal exactly for equal content; lengths keep the fields apart."""
    parts = [conv, body, "" if reply_to is None else str(reply_to), *attachments]
    parts += [f"@{user}" for user in sorted(mentions)]
    encoded = [part.encode() for part in parts]
    text = b"".join(b"%d:%b" % (len(part), part) for part in encoded)
    return hashlib.blake2b(text, digest_size=16).digest()


def _digest_of(send: Proposal, reply: int | None) -> bytes:
    return digest(send.conv, send.body, reply, send.attachments, send.mentions)


@dataclass(slots=True)
class _Fold:
    """The state between two sends of a batch."""

    facts: Facts
    at: int
    heads: dict[str, int] = field(default_factory=dict)
    fresh: dict[Key, Known] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    begun: dict[tuple[str, bytes], int] = field(default_factory=dict)

    def find(self, sender: str, client_id: str) -> Known | None:
        key = (sender, client_id)
        return self.fresh.get(key) or self.facts.known.get(key)

    def cause(self, send: Proposal) -> int | Refused | None:
        """The seq being answered, None for no reply, Refused if an own client_id names nothing here."""
        if send.reply_to_id is None:
            return send.reply_to
        cause = self.find(send.sender, send.reply_to_id)
        if cause is None or cause.conv != send.conv or cause.is_event:
            return Refused(ErrorCode.INVALID_REPLY)
        return cause.seq

    def may_be_answered(self, send: Proposal, seq: int) -> bool:
        if seq > self.head(send.conv) or (send.conv, seq) in self.facts.events:
            return False
        return self.facts.readable[send.conv, send.sender].allows(seq)

    def head(self, conv: str) -> int:
        return self.heads.get(conv, self.facts.heads[conv].last_seq)

    def is_opening(self, send: Proposal) -> bool:
        return self.facts.heads[send.conv].is_unwritten and not self.head(send.conv)

    def barrier(self, send: Proposal) -> ErrorCode | None:
        """What stands between the two of a 1:1 conversation."""
        if (send.conv, send.sender) in self.facts.barred:
            return ErrorCode.USER_BLOCKED
        if (send.conv, send.sender) in self.facts.unreachable and self.is_opening(send):
            return ErrorCode.NOT_REACHABLE
        return None

    def is_spam(self, send: Proposal) -> bool:
        """If it is not, one more conversation has been begun with this text."""
        text = essence(send.body)
        if text is None or (send.conv, send.sender) not in self.facts.strangers:
            return False
        key = (send.sender, text)
        begun = self.begun.get(key, self.facts.begun.get(key, 0))
        self.begun[key] = begun + 1
        return is_spam(begun, self.facts.spam)

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
        if (send.device, send.access_rev) not in facts.devices:
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
        if barrier := self.barrier(send):
            return Refused(barrier)
        if send.after is not None:
            before = self.find(send.sender, send.after)
            if before is None or before.conv != send.conv:
                return Deferred(ErrorCode.PREDECESSOR_MISSING)
        if isinstance(reply, Refused):
            return reply
        if reply is not None and not self.may_be_answered(send, reply):
            return Refused(ErrorCode.INVALID_REPLY)
        if send.attachments and not self.are_free(send):
            return Refused(ErrorCode.INVALID_ATTACHMENT)
        if any((send.conv, user) not in facts.members for user in send.mentions):
            return Refused(ErrorCode.INVALID_MENTION)
        if self.is_opening(send) and self.is_spam(send):
            return Refused(ErrorCode.SPAM)
        return self.append(send, reply)


def decide(batch: Sequence[Proposal], facts: Facts, at: int) -> list[Outcome]:
    """One outcome a send, in order. `at`: the server's time for what is new, milliseconds since 1970."""
    fold = _Fold(facts, at)
    return [fold.outcome(send) for send in batch]
