"""Sending anew while the recipient's device says after all that it has the message: one of them comes first."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import connection
from psycopg.errors import LockNotAvailable

from chat.inbox import retention
from chat.log import revise
from chat.log.pool import Database
from chat.log.refusal import Refusal
from chat.log.transaction import new_message_id
from chat.models import Conversation, Message
from chat.protocol.errors import ErrorCode
from tests.cast import Cast
from tests.chat.inbox.aging import DAYS, lapses, mark, old, stored
from tests.receipts.test_after_all import await_waiting, while_held
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def lapsed(people: Cast, conv: str) -> str:
    """Entries 1 to 3 of alice's have lapsed for bob."""
    old(conv, people.alice, 3)
    retention.expire_by_age(DAYS)
    return conv


def resend(dsn: str, people: Cast, conv: str, seq: int, then: Callable[[], object] = lambda: None) -> ErrorCode | None:
    """Of alice's, by a web process, asked again while the lock is held. What it was refused with.
    `then`: before the commit."""

    async def work() -> ErrorCode | None:
        database = Database(dsn)
        await database.open()
        try:
            async with database.transaction() as held:
                await revise.resend(held, people.alice.actor, conv, seq, f"anew_{seq}", new_message_id())
                await in_thread(then)
        except Refusal as refusal:
            return refusal.code
        finally:
            await database.close()
        return None

    for _ in range(20):
        with suppress(LockNotAvailable):
            return asyncio.run(work())
    raise AssertionError("held all the time")


def test_what_is_just_being_acknowledged_is_not_sent_anew(people: Cast, lapsed: str, dsn: str) -> None:
    """It waits for the acknowledgement and then finds that nothing has expired: nobody sees the text twice."""
    codes: list[ErrorCode | None] = []
    while_held(dsn, lambda: stored(lapsed, people.bob, 3), lambda: codes.append(resend(dsn, people, lapsed, 2)))
    assert codes == [ErrorCode.NOT_EXPIRED]
    assert lapses(lapsed, people.bob) == [] and Conversation.objects.get().last_seq == 3
    assert not Message.objects.filter(deleted_at__isnull=False).exists()


def test_an_acknowledgement_waits_for_what_is_just_being_sent_anew(people: Cast, lapsed: str, dsn: str) -> None:
    """It counts afterwards: what bob has stored had not expired, and the withdrawal tells his device which it was."""
    acknowledging = threading.Thread(target=closing(lambda: stored(lapsed, people.bob, 3)))

    def then() -> None:
        acknowledging.start()
        await_waiting(dsn)

    assert resend(dsn, people, lapsed, 2, then) is None
    acknowledging.join()
    assert lapses(lapsed, people.bob) == [] and mark(lapsed, people.bob) == (3, 3)
    assert [each.resent_as_seq for each in Message.objects.order_by("seq")] == [None, 4, None, None]


def test_sending_anew_acknowledging_and_expiring_at_once_never_lock_each_other_out(
    people: Cast, conv: str, dsn: str
) -> None:
    old(conv, people.alice, 24)
    retention.expire_by_age(DAYS)
    refused: dict[int, ErrorCode | None] = {}
    failed: list[Exception] = []

    def resending() -> None:
        for seq in range(24, 0, -1):
            refused[seq] = resend(dsn, people, conv, seq)

    def acknowledging() -> None:
        for seq in range(1, 25):
            stored(conv, people.bob, seq)

    def expiring() -> None:
        for _ in range(24):
            retention.expire_by_age(DAYS)

    def guarded(work: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except Exception as error:
                failed.append(error)

        return closing(run)

    threads = [threading.Thread(target=guarded(work)) for work in (resending, acknowledging, expiring)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    anew = {each.seq for each in Message.objects.filter(resent_as_seq__isnull=False)}
    assert anew == {seq for seq, code in refused.items() if code is None}
    assert set(refused.values()) <= {None, ErrorCode.NOT_EXPIRED}


def closing(work: Callable[[], object]) -> Callable[[], None]:
    """`work` for a thread, which leaves no connection behind."""

    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    return run
