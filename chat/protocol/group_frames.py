"""Frames of a client about groups: making them, who is in them, and the links into them."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from chat.protocol.base import (
    DEFAULT_MEMBERS_PAGE,
    ClientId,
    Frame,
    Id,
    MembersPage,
    Time,
    Username,
    has_no_nul,
    is_storable,
    shown_as,
)

MAX_TITLE_CHARS = 100
# A group to be: with them a frame is not larger than it may be.
MAX_INVITED = 1_500
# Added at once.
MAX_ADDED = 100
MAX_TOKEN_CHARS = 100
MAX_USES = 2**31 - 1

Role = Literal["member", "admin", "owner"]
Adding = Literal["admins", "everyone"]
HistoryFrom = Literal["joining", "all"]
Title = Annotated[
    str,
    StringConstraints(max_length=MAX_TITLE_CHARS),
    AfterValidator(is_storable),
    shown_as(r"^[^\u0000]*[^\s\u0000][^\u0000]*$", minLength=1, maxLength=MAX_TITLE_CHARS),
]
InviteToken = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TOKEN_CHARS), AfterValidator(has_no_nul)]


class NewGroup(Frame):
    """`users`: beside oneself; `adding`: who may add people; `history`: from where on a new member may read."""

    client_id: ClientId
    title: Title
    users: Annotated[list[Id], Field(max_length=MAX_INVITED)]
    adding: Adding = "admins"
    history: HistoryFrom = "joining"


class Create(NewGroup):
    """A group. The same `client_id` again is the same group."""

    t: Literal["create"]


class GroupChange(Frame):
    """What is left out stays as it is. `picture`: a complete upload of one's own that is a picture; empty: none any
    more."""

    title: Title | None = None
    picture: Id | Literal[""] | None = None
    adding: Adding | None = None
    history: HistoryFrom | None = None


class ChangeGroup(GroupChange):
    """Another name or picture, other rules."""

    t: Literal["group"]
    conv: Id


class Add(Frame):
    """People into a group."""

    t: Literal["add"]
    conv: Id
    users: Annotated[list[Id], Field(min_length=1, max_length=MAX_ADDED)]


class Remove(Frame):
    """Somebody out of a group."""

    t: Literal["remove"]
    conv: Id
    user: Id


class Leave(Frame):
    """Oneself out of a group."""

    t: Literal["leave"]
    conv: Id


class GiveRole(Frame):
    """Somebody is more or less than before; a new owner in one's own place."""

    t: Literal["role"]
    conv: Id
    user: Id
    role: Role


class Mute(Frame):
    """No wake-ups of a conversation before `until`; left out: as usual again."""

    t: Literal["mute"]
    conv: Id
    until: Time | None = None


class AskMembers(Frame):
    """Members whose names come after `after`."""

    t: Literal["members"]
    conv: Id
    after: Username | None = None
    limit: MembersPage = DEFAULT_MEMBERS_PAGE


class NewInvite(Frame):
    """A link to join by. Left out: no such limit."""

    expires_at: Time | None = None
    max_uses: Annotated[int, Field(ge=1, le=MAX_USES)] | None = None


class Invite(NewInvite):
    """A new link into a group."""

    t: Literal["invite"]
    conv: Id


class Invites(Frame):
    """The links into a group."""

    t: Literal["invites"]
    conv: Id


class Revoke(Frame):
    """Nobody joins by this link any more."""

    t: Literal["revoke"]
    conv: Id
    id: Id


class Preview(Frame):
    """What one would join."""

    t: Literal["preview"]
    token: InviteToken


class Join(Frame):
    """By a link."""

    t: Literal["join"]
    token: InviteToken
