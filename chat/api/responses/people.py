"""Of accounts, devices and profiles."""

from chat.api.responses.base import Response
from chat.policy.reach import Writers
from chat.protocol.frames import Id


class User(Response):
    id: Id
    username: str
    name: str


class SignedIn(Response):
    """`token`: shown this once."""

    device_id: Id
    token: str
    user: User


class Token(Response):
    token: str


class Device(Response):
    """Times are milliseconds since 1970; `last_seen_at` null: never connected."""

    id: Id
    name: str
    created_at: int
    last_seen_at: int | None
    is_this: bool


class Devices(Response):
    devices: list[Device]


class Profile(Response):
    """`read_receipts`: others learn what this person has seen, and they of the others; `shows_presence`: likewise
    when somebody is online or typing; `writers`: who may begin a conversation with them."""

    id: Id
    username: str
    name: str
    email: str
    read_receipts: bool
    shows_presence: bool
    writers: Writers


class PushKey(Response):
    key: str


class Blocked(Response):
    """`blocked_at`: milliseconds since 1970."""

    id: Id
    username: str
    name: str
    blocked_at: int


class Blocks(Response):
    people: list[Blocked]
