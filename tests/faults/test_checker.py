"""The checker catches what it is there to catch: a good history passes, each planted fault is found by its V."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.faults.checker import check
from tests.faults.history import (
    Accepted,
    Began,
    Changed,
    History,
    Pushed,
    Revised,
    Row,
    Sampled,
    Saw,
    Sent,
    Skipped,
    Stored,
    Ticked,
)


def good() -> History:
    """alice sends two, bob answers; all is stored, bob has seen all."""
    history = History(owner={"pa": "alice", "pb": "bob"}, members={"c": {"alice", "bob"}})
    for device in history.owner:
        history.add(Began(device, "c", 0))
    plan = [("pa", "alice", "a1", 0), ("pa", "alice", "a2", 1), ("pb", "bob", "b1", 2)]
    for seq, (device, user, client_id, knew) in enumerate(plan, 1):
        history.add(Sent(device, user, "c", client_id, f"body {client_id}", knew))
        history.add(Accepted(device, user, "c", client_id, f"m{seq}", seq))
        for reader, person in history.owner.items():
            if reader != device:
                history.add(Pushed(reader, "c", seq))
            history.add(Stored(reader, person, "c", seq, f"m{seq}", user, client_id, f"body {client_id}"))
        history.log.append(Row("c", seq, f"m{seq}", user, client_id, f"body {client_id}"))
    history.add(Saw("bob", "c", 3))
    history.add(Ticked("pa", "c", "bob", "DELIVERED", 2))
    history.add(Ticked("pa", "c", "bob", "SEEN", 2))
    history.add(Sampled("bob", "c", "delivered", 3))
    history.add(Sampled("pb", "c", "received", 3))
    history.watermarks = {("c", "alice"): (3, 0), ("c", "bob"): (3, 3)}
    history.inboxes = {("c", "pa"): 3, ("c", "pb"): 3}
    return history


def test_a_good_history_passes() -> None:
    assert check(good()) == []


def test_pushing_again_from_where_a_device_is_known_to_stand_is_no_fault() -> None:
    history = good()
    history.add(Pushed("pb", "c", 2))
    history.add(Pushed("pb", "c", 3))
    assert check(history) == []


def accept_before_commit(history: History) -> None:
    history.log.pop()


def accepted_elsewhere(history: History) -> None:
    history.log[1] = replace(history.log[1], message_id="other")


def invented(history: History) -> None:
    history.log.append(Row("c", 4, "m4", "bob", "b9", "never sent"))


def altered(history: History) -> None:
    history.log[0] = replace(history.log[0], body="changed")


def no_dedupe(history: History) -> None:
    history.log.append(replace(history.log[0], seq=4, message_id="m4"))


def two_answers(history: History) -> None:
    history.add(Accepted("pa", "alice", "c", "a1", "m9", 9))


def applied_twice(history: History) -> None:
    history.add(next(event for event in history.events if isinstance(event, Stored)))


def gap(history: History) -> None:
    history.log[2] = replace(history.log[2], seq=5)


def other_content(history: History) -> None:
    index = next(n for n, event in enumerate(history.events) if isinstance(event, Stored) and event.seq == 2)
    history.events[index] = replace(history.events[index], message_id="m7")  # type: ignore[type-var]


def swapped(history: History) -> None:
    first, second = history.log[0], history.log[1]
    history.log[0] = replace(first, client_id=second.client_id, body=second.body)
    history.log[1] = replace(second, client_id=first.client_id, body=first.body)


def pushed_out_of_order(history: History) -> None:
    pushes = [n for n, event in enumerate(history.events) if isinstance(event, Pushed) and event.device == "pb"]
    events = history.events
    events[pushes[0]], events[pushes[1]] = events[pushes[1]], events[pushes[0]]


def a_push_skipped_on_a_new_connection(history: History) -> None:
    history.add(Began("pb", "c", 1))
    history.add(Pushed("pb", "c", 3))


def applied_out_of_order(history: History) -> None:
    places = [n for n, event in enumerate(history.events) if isinstance(event, Stored) and event.device == "pb"]
    events = history.events
    events[places[0]], events[places[1]] = events[places[1]], events[places[0]]


def effect_before_cause(history: History) -> None:
    index = next(n for n, event in enumerate(history.events) if isinstance(event, Sent) and event.client_id == "b1")
    history.events[index] = replace(history.events[index], knew=3)  # type: ignore[type-var]


def falling(history: History) -> None:
    history.add(Sampled("bob", "c", "delivered", 2))


def tick_for_nothing(history: History) -> None:
    history.events.insert(0, Ticked("pa", "c", "bob", "DELIVERED", 1))


def blue_for_nothing(history: History) -> None:
    history.add(Ticked("pb", "c", "alice", "SEEN", 3))


def lost_receipt(history: History) -> None:
    history.watermarks["c", "bob"] = (3, 2)


def cursor_jump(history: History) -> None:
    history.inboxes["c", "pb"] = 4


def cursor_jumped_for_a_while(history: History) -> None:
    history.events.insert(0, Sampled("pb", "c", "received", 1))


def never_arrived(history: History) -> None:
    history.events = [e for e in history.events if not (isinstance(e, Stored) and e.device == "pa" and e.seq == 3)]


# With stays, edits, deletions and expiry


def away() -> History:
    """alice writes 1 to 6. bob was away for 3 and 4; 1 expired for him; 2 was edited and 5 deleted; 6 he hid."""
    history = History(owner={"pa": "alice", "pb": "bob"}, members={"c": {"alice", "bob"}})
    history.add(Began("pb", "c", 0))
    history.add(Skipped("pb", "c", 1, 1, "expired"))
    bodies: dict[int, str | None] = {2: "better", 5: None}
    revs = {2: 1, 5: 2}
    for seq in range(1, 7):
        body, rev = bodies.get(seq, f"body {seq}"), revs.get(seq, 0)
        history.add(Sent("pa", "alice", "c", f"a{seq}", f"body {seq}", seq - 1))
        history.log.append(Row("c", seq, f"m{seq}", "alice", f"a{seq}", body or "", rev, body is None))
        if rev:
            history.add(Revised("alice", "c", seq, rev, body, None if body else "all"))
    history.add(Pushed("pb", "c", 2))
    history.add(Stored("pb", "bob", "c", 2, "m2", "alice", "a2", "better", 1))
    history.add(Skipped("pb", "c", 3, 4, "no_access"))
    for seq in (5, 6):
        history.add(Pushed("pb", "c", seq))
        history.add(Stored("pb", "bob", "c", seq, f"m{seq}", "alice", f"a{seq}", f"body {seq}", 0))
    history.add(Changed("pb", "c", 5, 2, None))
    history.add(Began("pa", "c", 6))
    history.stays["c", "bob"] = [(1, 2), (5, None)]
    history.lapses["c", "bob"] = [(1, 1)]
    history.horizons["c", "pb"] = 1
    history.hidden["c", "bob"] = {6}
    history.shown["c", "pb"] = {2: (1, "better"), 5: (2, None)}
    history.watermarks = {("c", "alice"): (6, 0), ("c", "bob"): (6, 0)}
    history.inboxes = {("c", "pb"): 6}
    return history


def test_a_good_history_of_someone_away_passes() -> None:
    assert check(away()) == []


def a_foreign_entry(history: History) -> None:
    history.add(Pushed("pb", "c", 3))


def a_foreign_edit(history: History) -> None:
    history.add(Changed("pb", "c", 4, 3, "secret"))


def kept_out(history: History) -> None:
    history.add(Skipped("pb", "c", 5, 5, "no_access"))


def called_expired(history: History) -> None:
    history.add(Skipped("pb", "c", 2, 2, "expired"))


def expired_in_silence(history: History) -> None:
    history.events = [event for event in history.events if event != Skipped("pb", "c", 1, 1, "expired")]
    history.events.insert(1, Skipped("pb", "c", 1, 1, "deleted"))


def expired_and_shown(history: History) -> None:
    history.shown["c", "pb"][1] = (0, "body 1")


def a_missed_edit(history: History) -> None:
    history.shown["c", "pb"][2] = (0, "body 2")


def a_missed_deletion(history: History) -> None:
    history.shown["c", "pb"][5] = (0, "body 5")


def hidden_and_shown(history: History) -> None:
    history.shown["c", "pb"][6] = (0, "body 6")


def not_shown(history: History) -> None:
    del history.shown["c", "pb"][2]


def edited_by_nobody(history: History) -> None:
    history.log[1] = replace(history.log[1], body="worse")


@pytest.mark.parametrize(
    ("rule", "plant"),
    [
        ("V2", edited_by_nobody),
        ("V11", a_foreign_entry),
        ("V11", a_foreign_edit),
        ("V11", kept_out),
        ("V12", called_expired),
        ("V12", expired_in_silence),
        ("V12", expired_and_shown),
        ("V13", a_missed_edit),
        ("V13", a_missed_deletion),
        ("V13", hidden_and_shown),
        ("V13", not_shown),
    ],
)
def test_a_fault_planted_while_someone_was_away_is_found(rule: str, plant: Callable[[History], None]) -> None:
    history = away()
    plant(history)
    assert rule in {finding.split()[0] for finding in check(history)}


@pytest.mark.parametrize(
    ("rule", "plant"),
    [
        ("V1", accept_before_commit),
        ("V1", accepted_elsewhere),
        ("V2", invented),
        ("V2", altered),
        ("V3", no_dedupe),
        ("V3", two_answers),
        ("V3", applied_twice),
        ("V4", gap),
        ("V5", other_content),
        ("V6", swapped),
        ("V6", pushed_out_of_order),
        ("V6", a_push_skipped_on_a_new_connection),
        ("V6", applied_out_of_order),
        ("V7", effect_before_cause),
        ("V8", falling),
        ("V8", tick_for_nothing),
        ("V8", blue_for_nothing),
        ("V8", lost_receipt),
        ("V9", cursor_jump),
        ("V9", cursor_jumped_for_a_while),
        ("V10", never_arrived),
    ],
)
def test_a_planted_fault_is_found(rule: str, plant: Callable[[History], None]) -> None:
    history = good()
    plant(history)
    assert rule in {finding.split()[0] for finding in check(history)}
