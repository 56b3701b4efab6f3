"""V1 to V10 of docs/guarantees.md, each checked by itself against a recorded history. Pure; itself tested against
planted faults (test_checker.py). A finding is one sentence starting with its V."""

from collections import defaultdict
from collections.abc import Callable, Iterator

from chat.policy.window import ContiguousCursor
from tests.faults.history import Accepted, Began, History, Pushed, Row, Sampled, Saw, Sent, Stored, Ticked

Findings = Iterator[str]


def check(history: History) -> list[str]:
    """All findings; empty when every guarantee held."""
    return [finding for rule in RULES for finding in rule(history)]


def _by_key(history: History) -> dict[tuple[str, str], Row]:
    return {(row.sender, row.client_id): row for row in history.log}


def v1_accepted_is_in_the_log(history: History) -> Findings:
    rows = _by_key(history)
    for event in history.of(Accepted):
        row = rows.get((event.user, event.client_id))
        if row is None:
            yield f"V1 {event.client_id} was accepted and is not in the log"
        elif (row.message_id, row.seq, row.conv) != (event.message_id, event.seq, event.conv):
            yield f"V1 {event.client_id} was accepted as {event.seq} and is in the log as {row.seq}"


def v2_nothing_that_was_not_sent(history: History) -> Findings:
    sent = {(event.user, event.client_id): event for event in history.of(Sent)}
    for what in [*history.log, *history.of(Stored)]:
        origin = sent.get((what.sender, what.client_id))
        if origin is None or (origin.body, origin.conv) != (what.body, what.conv):
            yield f"V2 entry {what.seq} ({what.client_id}) is not what was sent"


def v3_once(history: History) -> Findings:
    places: dict[tuple[str, str], tuple[str, int]] = {}
    for row in history.log:
        if places.setdefault((row.sender, row.client_id), (row.conv, row.seq)) != (row.conv, row.seq):
            yield f"V3 {row.client_id} is in the log twice"
    answers: dict[tuple[str, str], tuple[str, int]] = {}
    for event in history.of(Accepted):
        answer = (event.message_id, event.seq)
        if answers.setdefault((event.user, event.client_id), answer) != answer:
            yield f"V3 {event.client_id} was accepted with two different answers"
    applied: set[tuple[str, ...]] = set()
    for stored in history.of(Stored):
        for key in (
            (stored.device, stored.conv, str(stored.seq)),
            (stored.device, stored.sender, stored.client_id, ""),
        ):
            if key in applied:
                yield f"V3 entry {stored.seq} ({stored.client_id}) was applied twice on one device"
            applied.add(key)


def v4_no_gaps(history: History) -> Findings:
    seqs: dict[str, list[int]] = defaultdict(list)
    for row in history.log:
        seqs[row.conv].append(row.seq)
    for conv, found in seqs.items():
        if sorted(found) != list(range(1, len(found) + 1)):
            yield f"V4 the seqs of {conv} are not 1 to {len(found)}"


def v5_one_content(history: History) -> Findings:
    rows = {(row.conv, row.seq): row for row in history.log}
    for stored in history.of(Stored):
        row = rows.get((stored.conv, stored.seq))
        if row is None or (row.message_id, row.body) != (stored.message_id, stored.body):
            yield f"V5 entry {stored.seq} on {stored.device} differs from the log"


def v6_device_order(history: History) -> Findings:
    rows = _by_key(history)
    latest: dict[tuple[str, str], int] = {}
    for event in history.of(Sent):
        row = rows.get((event.user, event.client_id))
        if row is None:
            continue
        if row.seq < latest.get((event.device, event.conv), 0):
            yield f"V6 {event.client_id} stands before what its device sent earlier"
        latest[event.device, event.conv] = row.seq
    yield from _pushes_out_of_order(history)
    order: dict[tuple[str, str], int] = {}
    for stored in history.of(Stored):
        if stored.seq != order.get((stored.device, stored.conv), 0) + 1:
            yield f"V6 entry {stored.seq} was applied on {stored.device} out of order"
        order[stored.device, stored.conv] = stored.seq


def _pushes_out_of_order(history: History) -> Findings:
    """On one connection entry n comes after n-1; an own entry counts as pushed once ACCEPTED has named its seq."""
    cursors: dict[tuple[str, str], ContiguousCursor] = {}
    for event in history.events:
        match event:
            case Began():
                cursors[event.device, event.conv] = ContiguousCursor(event.position, limit=1_000_000)
            case Accepted() if (event.device, event.conv) in cursors:
                cursors[event.device, event.conv].one(event.seq)
            case Pushed():
                cursor = cursors[event.device, event.conv]
                if event.seq > cursor.position + 1:
                    yield f"V6 entry {event.seq} was pushed to {event.device}, which had been pushed {cursor.position}"
                cursor.one(event.seq)


def v7_cause_before_effect(history: History) -> Findings:
    rows = _by_key(history)
    for event in history.of(Sent):
        row = rows.get((event.user, event.client_id))
        if row is not None and row.seq <= event.knew:
            yield f"V7 {event.client_id} stands at {row.seq}, its author had seen {event.knew}"


def _ends(history: History) -> dict[tuple[str, str], int]:
    """(conv, device) -> end of its gapless run."""
    ends: dict[tuple[str, str], set[int]] = defaultdict(set)
    for stored in history.of(Stored):
        ends[stored.conv, stored.device].add(stored.seq)
    return {key: next(n for n in range(len(seqs) + 2) if n + 1 not in seqs) for key, seqs in ends.items()}


def v8_watermarks_are_true(history: History) -> Findings:
    yield from _falling(history)
    yield from _ticks_ahead_of_the_truth(history)
    ends = _ends(history)
    heads: dict[str, int] = defaultdict(int)
    for row in history.log:
        heads[row.conv] = max(heads[row.conv], row.seq)
    for (conv, user), (delivered, seen) in history.watermarks.items():
        truth = max(
            (end for (c, device), end in ends.items() if c == conv and history.owner[device] == user), default=0
        )
        saw = max((event.seq for event in history.of(Saw) if (event.user, event.conv) == (user, conv)), default=0)
        if not seen <= delivered <= heads[conv]:
            yield f"V8 watermark of {user}: seen {seen}, delivered {delivered}, head {heads[conv]}"
        if (delivered, seen) != (truth, saw):
            yield f"V8 watermark of {user} is {delivered}/{seen}, the devices stored {truth} and saw {saw}"


def _falling(history: History) -> Findings:
    highest: dict[tuple[str, str, str], int] = {}
    for sample in history.of(Sampled):
        key = (sample.who, sample.conv, sample.kind)
        if sample.value < highest.get(key, 0):
            yield f"V8 {sample.kind} of {sample.who} fell from {highest[key]} to {sample.value}"
        highest[key] = max(highest.get(key, 0), sample.value)


def _ticks_ahead_of_the_truth(history: History) -> Findings:
    stored: dict[tuple[str, str], int] = defaultdict(int)
    saw: dict[tuple[str, str], int] = defaultdict(int)
    for event in history.events:
        match event:
            case Stored():
                key = (event.user, event.conv)
                stored[key] = max(stored[key], event.seq)
            case Saw():
                saw[event.user, event.conv] = max(saw[event.user, event.conv], event.seq)
            case Ticked():
                truth = (stored if event.kind == "DELIVERED" else saw)[event.reader, event.conv]
                if event.upto > truth:
                    yield f"V8 a {event.kind} tick up to {event.upto}, when {event.reader} was at {truth}"


def v9_cursors_pass_nothing(history: History) -> Findings:
    stored: dict[tuple[str, str], int] = defaultdict(int)
    for event in history.events:
        if isinstance(event, Stored) and event.seq == stored[event.conv, event.device] + 1:
            stored[event.conv, event.device] = event.seq
        elif isinstance(event, Sampled) and event.kind == "received" and event.value > stored[event.conv, event.who]:
            yield f"V9 the cursor of {event.who} was {event.value}, stored {stored[event.conv, event.who]}"
    for (conv, device), received in history.inboxes.items():
        if received > stored[conv, device]:
            yield f"V9 the cursor of {device} ends at {received}, stored {stored[conv, device]}"


def v10_everyone_has_everything(history: History) -> Findings:
    ends = _ends(history)
    heads: dict[str, int] = defaultdict(int)
    for row in history.log:
        heads[row.conv] = max(heads[row.conv], row.seq)
    for conv, users in history.members.items():
        for device, user in history.owner.items():
            if user in users and ends.get((conv, device), 0) != heads[conv]:
                yield f"V10 {device} stands at {ends.get((conv, device), 0)} of {heads[conv]}"


RULES: tuple[Callable[[History], Findings], ...] = (
    v1_accepted_is_in_the_log,
    v2_nothing_that_was_not_sent,
    v3_once,
    v4_no_gaps,
    v5_one_content,
    v6_device_order,
    v7_cause_before_effect,
    v8_watermarks_are_true,
    v9_cursors_pass_nothing,
    v10_everyone_has_everything,
)
