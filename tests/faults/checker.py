"""V1 to V13 of docs/guarantees.md, each checked by itself against a recorded history. Pure; itself tested against
planted faults (test_checker.py). A finding is one sentence starting with its V."""

from collections import defaultdict
from collections.abc import Callable, Iterator

from chat.policy.window import ContiguousCursor
from tests.faults.history import (
    Accepted,
    Began,
    Changed,
    Event,
    History,
    Pushed,
    Revised,
    Row,
    Sampled,
    Saw,
    Sent,
    Skipped,
    Spans,
    Stored,
    Ticked,
)

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
    edited = {(event.conv, event.seq, event.rev): event.body for event in history.of(Revised)}
    for what in [*history.log, *history.of(Stored)]:
        origin = sent.get((what.sender, what.client_id))
        body = edited.get((what.conv, what.seq, what.rev)) if what.rev else origin and origin.body
        if origin is None or origin.conv != what.conv or (body or None) != (what.body or None):
            yield f"V2 entry {what.seq} ({what.client_id}, revision {what.rev}) is not what was sent"


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
        same = row and (row.rev > stored.rev or (row.rev, row.body or None) == (stored.rev, stored.body))
        if row is None or row.message_id != stored.message_id or not same:
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
    for event, before, _ in _runs(history):
        if isinstance(event, Stored) and event.seq != before + 1:
            yield f"V6 entry {event.seq} was applied on {event.device} out of order"


def _runs(history: History) -> Iterator[tuple[Event, int, dict[tuple[str, str], int]]]:
    """Each event with the end of its device's gapless run before it, and the ends of all after it. A device's run
    begins where its first connection did; what it was told not to be there counts as run over."""
    cursors: dict[tuple[str, str], ContiguousCursor] = {}
    ends: dict[tuple[str, str], int] = {}
    for event in history.events:
        before = 0
        if isinstance(event, Began):
            cursors.setdefault((event.device, event.conv), ContiguousCursor(event.position, limit=1_000_000))
            ends.setdefault((event.device, event.conv), event.position)
        elif isinstance(event, Stored | Skipped):
            cursor = cursors[event.device, event.conv]
            before = cursor.position
            span = (event.seq, event.seq) if isinstance(event, Stored) else (event.first, event.last)
            for seq in range(max(span[0], before + 1), span[1] + 1):
                cursor.one(seq)
            ends[event.device, event.conv] = cursor.position
        yield event, before, ends


def _pushes_out_of_order(history: History) -> Findings:
    """On one connection entry n comes after n-1; an own entry counts as pushed once ACCEPTED has named its seq."""
    cursors: dict[tuple[str, str], ContiguousCursor] = {}
    for event in history.events:
        match event:
            case Skipped() if (event.device, event.conv) in cursors:
                for seq in range(event.first, event.last + 1):
                    cursors[event.device, event.conv].one(seq)
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


def _began(history: History) -> dict[tuple[str, str], int]:
    """(device, conv) -> where its first connection began."""
    return {(event.device, event.conv): event.position for event in reversed(history.of(Began))}


def _ends(history: History) -> dict[tuple[str, str], int]:
    """(device, conv) -> end of its gapless run."""
    last: dict[tuple[str, str], int] = {}
    for _, _, ends in _runs(history):
        last = ends
    return last


def v8_watermarks_are_true(history: History) -> Findings:
    yield from _falling(history)
    yield from _ticks_ahead_of_the_truth(history)
    ends = _ends(history)
    heads: dict[str, int] = defaultdict(int)
    for row in history.log:
        heads[row.conv] = max(heads[row.conv], row.seq)
    for (conv, user), (delivered, seen) in history.watermarks.items():
        truth = max(
            (end for (device, c), end in ends.items() if c == conv and history.owner[device] == user), default=0
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
    saw: dict[tuple[str, str], int] = defaultdict(int)
    for event, _, ends in _runs(history):
        match event:
            case Saw():
                saw[event.user, event.conv] = max(saw[event.user, event.conv], event.seq)
            case Ticked(kind="DELIVERED"):
                theirs = [end for (device, _), end in ends.items() if history.owner[device] == event.reader]
                if event.upto > max(theirs, default=0):
                    yield f"V8 a DELIVERED tick up to {event.upto}, when {event.reader} was at {max(theirs, default=0)}"
            case Ticked() if event.upto > saw[event.reader, event.conv]:
                truth = saw[event.reader, event.conv]
                yield f"V8 a {event.kind} tick up to {event.upto}, when {event.reader} was at {truth}"


def v9_cursors_pass_nothing(history: History) -> Findings:
    last: dict[tuple[str, str], int] = {}
    began = _began(history)
    for event, _, ends in _runs(history):
        last = ends
        if isinstance(event, Sampled) and event.kind == "received":
            # Not connected yet: it is where its person was when it came to be.
            end = ends.get((event.who, event.conv), began.get((event.who, event.conv), 0))
            if event.value > end:
                yield f"V9 the cursor of {event.who} was {event.value}, stored {end}"
    for (conv, device), received in history.inboxes.items():
        if received > last.get((device, conv), received):
            yield f"V9 the cursor of {device} ends at {received}, stored {last[device, conv]}"


def v10_everyone_has_everything(history: History) -> Findings:
    ends = _ends(history)
    heads: dict[str, int] = defaultdict(int)
    for row in history.log:
        heads[row.conv] = max(heads[row.conv], row.seq)
    for conv, users in history.members.items():
        for device, user in history.owner.items():
            if user in users and ends.get((device, conv), 0) != heads[conv]:
                yield f"V10 {device} stands at {ends.get((device, conv), 0)} of {heads[conv]}"


def _within(spans: Spans, seq: int) -> bool:
    return any(first <= seq and (last is None or seq <= last) for first, last in spans)


def _stays(history: History, conv: str, device: str) -> Spans:
    return history.stays.get((conv, history.owner[device]), [(1, None)])


def v11_only_for_members(history: History) -> Findings:
    for event in history.events:
        if isinstance(event, Pushed | Stored | Changed):
            if not _within(_stays(history, event.conv, event.device), event.seq):
                yield f"V11 {type(event).__name__} of entry {event.seq} on {event.device}, which is not for it"
        elif isinstance(event, Skipped) and event.why == "no_access":
            stays = _stays(history, event.conv, event.device)
            if any(_within(stays, seq) for seq in range(event.first, event.last + 1)):
                yield f"V11 {event.device} was told {event.first} to {event.last} is not for it, and it is"


def v12_what_expired_is_told(history: History) -> Findings:
    """Nothing is called expired that did not; nothing that expired is shown; all of it is told."""
    for event in history.of(Skipped):
        if event.why == "expired" and event.last > history.horizons.get((event.conv, event.device), 0):
            yield f"V12 {event.device} was told that {event.first} to {event.last} expired, beyond its horizon"
    expired = [event for event in history.of(Skipped) if event.why == "expired"]
    told = {(event.device, event.conv, seq) for event in expired for seq in range(event.first, event.last + 1)}
    began = _began(history)
    ends = _ends(history)
    for (conv, user), spans in history.lapses.items():
        for device in [device for device, owner in history.owner.items() if owner == user]:
            for seq in [seq for first, last in spans for seq in range(first, (last or first) + 1)]:
                if seq in history.shown.get((conv, device), {}):
                    yield f"V12 {device} shows entry {seq}, which expired before it was delivered"
                reached = began.get((device, conv), seq) < seq <= ends.get((device, conv), 0)
                if reached and (device, conv, seq) not in told:
                    yield f"V12 {device} went over entry {seq} and was not told that it expired"


def v13_deltas_lead_where_a_fresh_load_leads(history: History) -> Findings:
    began = _began(history)
    for (conv, device), shown in history.shown.items():
        user = history.owner[device]
        fresh = {
            row.seq: (row.rev, None if row.deleted else row.body)
            for row in history.log
            if row.conv == conv
            and row.seq > began.get((device, conv), 0)
            and _within(_stays(history, conv, device), row.seq)
            and row.seq not in history.hidden.get((conv, user), ())
            and not _within(history.lapses.get((conv, user), []), row.seq)
            and row.seq > history.horizons.get((conv, device), 0)
        }
        mine = {
            seq: state for seq, state in shown.items() if seq in fresh or seq > history.horizons.get((conv, device), 0)
        }
        for seq in sorted(fresh.keys() | mine.keys()):
            if fresh.get(seq) != mine.get(seq):
                yield f"V13 entry {seq} on {device} is {mine.get(seq)}, loaded afresh {fresh.get(seq)}"


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
    v11_only_for_members,
    v12_what_expired_is_told,
    v13_deltas_lead_where_a_fresh_load_leads,
)
