"""What routes take, as far as it is not a frame's own model already. Every rule is that of the frames (strict, the
same types); what is said in the address is not said again in the body."""

from typing import Annotated

from pydantic import Field, StringConstraints

from chat.protocol.base import Time
from chat.protocol.frames import (
    DEFAULT_SYNC,
    MAX_ACKS,
    MAX_POINT_CHARS,
    MAX_POSITIONS,
    MAX_RANGE,
    Acknowledgment,
    Body,
    ClientId,
    Frame,
    Id,
    Place,
)
from chat.protocol.group_frames import MAX_ADDED, InviteToken, Role
from chat.web.account import PASSWORD_CHARS, Name

Username = Annotated[str, StringConstraints(min_length=1, max_length=150, pattern=r"^[^\x00]*$")]
Password = Annotated[str, StringConstraints(min_length=1, max_length=PASSWORD_CHARS, pattern=r"^[^\x00]*$")]


class NewAccount(Frame):
    """A person, and their first device. `username`: 3 to 30 letters a-z, digits, dots, dashes or underscores;
    `name`: what others see; `device`: what the device is called in the settings."""

    username: Username
    password: Password
    name: Name = ""
    device: Name = ""


class SignIn(Frame):
    """`name`: what the device is called in the settings. `device_id`: this very device signs in again, and keeps its
    positions."""

    username: Username
    password: Password
    name: Name = ""
    device_id: Annotated[Id | None, Field(description="One's own, not revoked.")] = None


class Direct(Frame):
    """Whom to talk to; oneself, for notes."""

    username: Username


class NewMembers(Frame):
    """1 to 100 people."""

    users: Annotated[list[Id], Field(min_length=1, max_length=MAX_ADDED)]


class NewRole(Frame):
    """What somebody is from now on; a new owner in one's own place."""

    role: Role


class Muting(Frame):
    """`until`: milliseconds since 1970; null: not any more."""

    until: Time | None = None


class Token(Frame):
    """Of a link."""

    token: InviteToken


class NewText(Frame):
    """In place of the entry's text."""

    body: Body


class Again(Frame):
    """`client_id`: a new one, for the entry that takes the old one's place."""

    client_id: ClientId


class Acks(Frame):
    """1 to 100 acknowledgements."""

    acks: Annotated[list[Acknowledgment], Field(min_length=1, max_length=MAX_ACKS)]


class WhatIsMissing(Frame):
    """`next`: as the last answer gave it; or `positions`, or neither, for a device that knows nothing. `limit`:
    conversations, entries and changes in the answer. `media` false: placeholders only."""

    next: Annotated[str, StringConstraints(max_length=MAX_POINT_CHARS)] | None = None
    epoch: Annotated[str, StringConstraints(max_length=64)] | None = None
    positions: Annotated[list[Place], Field(max_length=MAX_POSITIONS)] = []
    limit: Annotated[int, Field(ge=1, le=MAX_RANGE)] = DEFAULT_SYNC
    media: bool = True
