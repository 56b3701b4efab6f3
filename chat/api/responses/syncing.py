"""Of what a device lacks, and says it has."""

from typing import Literal

from chat.api.responses.base import Response
from chat.api.responses.log import Absence, Conversation, Entry
from chat.protocol.frames import AckType, Id


class Position(Response):
    """Where the device stands: all entries up to `received`, all changes up to `rev` stored, its person has seen up to
    `seen`."""

    conv: Id
    received: int
    rev: int
    seen: int


class RefusedAck(Response):
    type: AckType
    conv: Id
    seq: int
    code: str
    text: str


class Acknowledged(Response):
    positions: list[Position]
    refused: list[RefusedAck]


class Reset(Response):
    """What the device lacks up to `horizon` has expired: go on as if it had been received."""

    conv: Id
    horizon: int
    why: Literal["expired"]


class Run(Response):
    conv: Id
    entries: list[Entry]
    absent: list[Absence]


class Change(Response):
    """What became of entry `seq`. `body`, `edited_at`: of an edit; `resent_as`: withdrawn for that entry."""

    seq: int
    rev: int
    type: Literal["edit", "delete", "hide"]
    body: str = ""
    edited_at: int = 0
    resent_as: int = 0


class Changes(Response):
    """All changes up to revision `upto` are told then."""

    conv: Id
    upto: int
    changes: list[Change]


class Unconfirmed(Response):
    """As far as the server knows the device has stored entries up to `received` and changes up to `rev`, though it was
    told more: acknowledge again what is stored."""

    conv: Id
    received: int
    rev: int


class Synced(Response):
    """`gone`: conversations this person is no longer in. `unconfirmed`: of the last answer. `next`: what the next sync
    is asked for with."""

    epoch: Id
    conversations: list[Conversation]
    gone: list[Id]
    resets: list[Reset]
    messages: list[Run]
    changes: list[Changes]
    unconfirmed: list[Unconfirmed]
    has_more: bool
    next: str
