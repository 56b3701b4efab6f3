"""The fixed cast of the tests: alice, bob and carol know each other; mallory is never a member of anything."""

from dataclasses import dataclass

from chat.log import devices
from chat.log.access import Actor
from chat.models import Conversation, Device, Membership, User
from receipts.models import Watermark


@dataclass(frozen=True, slots=True)
class Person:
    user: User
    device: Device
    token: str

    @property
    def id(self) -> str:
        return str(self.user.id)

    @property
    def device_id(self) -> str:
        return str(self.device.id)

    @property
    def actor(self) -> Actor:
        return Actor(self.id, self.device_id)


@dataclass(frozen=True, slots=True)
class Cast:
    alice: Person
    bob: Person
    carol: Person
    mallory: Person

    @classmethod
    def create(cls) -> "Cast":
        return cls(*(make_person(name) for name in ("alice", "bob", "carol", "mallory")))


def make_person(username: str) -> Person:
    user = User.objects.create_user(username=username)
    device, token = devices.register(user, "phone")
    return Person(user, device, token)


def make_direct(first: Person, second: Person) -> str:
    """A 1:1 conversation's id."""
    key = ":".join(sorted([first.id, second.id]))
    conversation = Conversation.objects.create(kind="direct", direct_key=key)
    for person in (first, second):
        Membership.objects.create(conversation=conversation, user=person.user)
        Watermark.objects.create(conversation=conversation, user=person.user)
    return str(conversation.id)
