"""The checker catches what it is there to catch: a good history passes, each planted fault is found by its V."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.faults.checker import check
from tests.faults.history import Accepted, Began, History, Pushed, Row, Sampled, Saw, Sent, Stored, Ticked


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
