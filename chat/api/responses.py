"""What routes answer, described. Answers are written by hand (answer.py) and held against these models by the tests."""

from pydantic import BaseModel, ConfigDict

from chat.protocol.frames import Id


class Response(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


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
