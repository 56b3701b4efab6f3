"""Frames of a client about whom it wants to hear nothing from, and what a moderator should see."""

from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints

from chat.protocol.base import ClientId, Frame, Id, Seq, has_no_nul

MAX_NOTE_CHARS = 1_000

Reason = Literal["spam", "abuse", "illegal", "other"]
Note = Annotated[str, StringConstraints(max_length=MAX_NOTE_CHARS), AfterValidator(has_no_nul)]


class Block(Frame):
    """Nothing from this person in the 1:1 conversation, and nothing to them."""

    t: Literal["block"]
    user: Id


class Unblock(Frame):
    """As before."""

    t: Literal["unblock"]
    user: Id


class AskBlocks(Frame):
    """Whom one has blocked."""

    t: Literal["blocks"]


class NewReport(Frame):
    """A moderator is to look at entry `seq`, or, without one, at `user`, who is or was in the conversation. The same
    `client_id` again is the same report."""

    client_id: ClientId
    conv: Id
    seq: Seq | None = None
    user: Id | None = None
    reason: Reason
    note: Note = ""


class Report(NewReport):
    """Tells a moderator."""

    t: Literal["report"]
