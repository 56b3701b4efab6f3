"""A push service, a phone of bob's that is subscribed to it, and messages of a while ago."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import F

from chat.inbox.redelivery import sweep
from chat.log import devices
from chat.models import Change, Conversation, Device, Inbox, Membership, PushSubscription, WakeUp
from chat.wakeup import subscriptions
from chat.wakeup.subscriptions import WebPushSubscription
from receipts import ledger
from receipts.ledger import Row
from tests.cast import Cast, Person
from tests.log import write
from tests.push_service import Browser, PushService

LONG_S = 4_000


@pytest.fixture
def service() -> Iterator[PushService]:
    with PushService() as service:
        yield service
    assert service.faults == []


def database_now() -> datetime:
    """By the clock of the statements: in a test's one transaction it stands still."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        now: datetime = cursor.fetchone()[0]
        return now


def subscribe(service: PushService, device: Device) -> Browser:
    browser = service.subscribe()
    assert subscriptions.keep(device, WebPushSubscription.model_validate(browser.subscription))
    return browser


@dataclass
class Away:
    """bob's phone is away; alice writes. `laptop`: another device of bob's, without a subscription."""

    conv: str
    alice: Person
    bob: Person
    phone: Browser
    laptop: Device

    def written(self, sender: Person | None = None, count: int = 1) -> int:
        """Entries of five seconds ago; the head."""
        head = write(self.conv, sender or self.alice, count, "a secret between alice and bob")
        at = database_now() - timedelta(seconds=5)
        Change.objects.create(kind="append", conversations=[self.conv], heads=[head], at=at)
        return head

    def acked(self, kind: str, seq: int, device: Device | None = None) -> None:
        """By the laptop, if not said otherwise; as the flush writes it, five seconds ago."""
        device = device or self.laptop
        ledger.apply([Row(self.conv, str(device.id), kind, seq, 1_790_000_000_000)])
        Change.objects.filter(kind="receipts").update(at=database_now() - timedelta(seconds=5))

    def read(self, seq: int, device: Device | None = None) -> None:
        self.acked("delivered", seq, device)
        self.acked("seen", seq, device)

    def left(self) -> None:
        """bob is removed, five seconds ago, as chat/log/groups.py writes it."""
        head = Conversation.objects.get(id=self.conv).last_seq
        Membership.objects.filter(user=self.bob.user, left_seq=None).update(left_seq=head, left_at=database_now())
        self._members_changed()

    def came_back(self) -> None:
        head = Conversation.objects.get(id=self.conv).last_seq
        Membership.objects.create(conversation_id=self.conv, user=self.bob.user, visible_from_seq=head + 1)
        self._members_changed()

    def _members_changed(self) -> None:
        told = {"conversations": [self.conv], "users": [self.bob.id]}
        Change.objects.create(kind="members", at=database_now() - timedelta(seconds=5), **told)

    @property
    def row(self) -> WakeUp:
        return WakeUp.objects.get(subscription_id=self.bob.device.id)


@pytest.fixture
def away(people: Cast, conv: str, service: PushService) -> Away:
    laptop, _ = devices.register(people.bob.user, "laptop")
    return Away(conv, people.alice, people.bob, subscribe(service, people.bob.device), laptop)


def pass_time(seconds: float = LONG_S) -> None:
    """As if nobody had done anything for so long."""
    earlier = timedelta(seconds=seconds)
    Inbox.objects.update(next_attempt_at=F("next_attempt_at") - earlier)
    WakeUp.objects.update(next_attempt_at=F("next_attempt_at") - earlier)
    PushSubscription.objects.update(not_before=F("not_before") - earlier)
    Change.objects.update(at=F("at") - earlier)


def swept() -> None:
    """A sweep over everything that was noted, as if the former one had been long ago."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE chat_progress SET upto = now() - interval '1 hour' WHERE work = 'redelivery'")
    sweep()


assert settings.PUSH_LOOPBACK, "tests run with MESSENGER_PUSH_LOOPBACK"
