"""Who may do what in a group. Pure: roles in, a refusal or nothing out; the one place that says so.

                      owner            admin      member
    rename, settings  yes              yes        no
    invite by link    yes              yes        no
    add               yes              yes        if everyone may
    remove            admin, member    member     no
    make admin        member           member     no
    unmake admin      admin            no         no
    pass ownership    admin, member    no         no
    leave, mute       yes              yes        yes

Whoever is not in the group gets NOT_FOUND for everything, whether it exists or not. Members know that it does: what
their role does not allow is NOT_ALLOWED. What is so already is no fault, as long as one might have done it.
"""

from collections.abc import Mapping
from enum import Enum

from chat.protocol.errors import ErrorCode
from chat.protocol.group_frames import Adding, Role


class Act(Enum):
    """What is done to a group, or (from REMOVE on) to one of its members."""

    CHANGE = "change"
    INVITE = "invite"
    ADD = "add"
    LEAVE = "leave"
    MUTE = "mute"
    REMOVE = "remove"
    MAKE_ADMIN = "make_admin"
    UNMAKE_ADMIN = "unmake_admin"
    PASS_OWNERSHIP = "pass_ownership"  # noqa: S105


EVERYONE: frozenset[Role] = frozenset({"owner", "admin", "member"})
ADMINS: frozenset[Role] = frozenset({"owner", "admin"})

# Whose role is enough.
ALONE: Mapping[Act, frozenset[Role]] = {
    Act.CHANGE: ADMINS,
    Act.INVITE: ADMINS,
    Act.ADD: ADMINS,
    Act.LEAVE: EVERYONE,
    Act.MUTE: EVERYONE,
}

# By whose role: to whom.
TOWARDS: Mapping[Act, Mapping[Role, frozenset[Role]]] = {
    Act.REMOVE: {"owner": frozenset({"admin", "member"}), "admin": frozenset({"member"})},
    Act.MAKE_ADMIN: {"owner": frozenset({"member"}), "admin": frozenset({"member"})},
    Act.UNMAKE_ADMIN: {"owner": frozenset({"admin"})},
    Act.PASS_OWNERSHIP: {"owner": frozenset({"admin", "member"})},
}

# What a role is after it was done.
BECOMES: Mapping[Act, Role] = {Act.MAKE_ADMIN: "admin", Act.UNMAKE_ADMIN: "member", Act.PASS_OWNERSHIP: "owner"}
GIVES: Mapping[Role, Act] = {role: act for act, role in BECOMES.items()}


def refusal(act: Act, actor: Role | None, adding: Adding = "admins") -> ErrorCode | None:
    """Of what is done to the group. `actor`: None, no member."""
    if actor is None:
        return ErrorCode.NOT_FOUND
    allowed = EVERYONE if act is Act.ADD and adding == "everyone" else ALONE[act]
    return None if actor in allowed else ErrorCode.NOT_ALLOWED


def refusal_towards(act: Act, actor: Role | None, target: Role | None) -> ErrorCode | None:
    """Of what is done to someone else. Who is not in the group (None) cannot be given a role; that they are removed is
    so already."""
    if actor is None:
        return ErrorCode.NOT_FOUND
    allowed = TOWARDS[act].get(actor, frozenset())
    if not allowed:
        return ErrorCode.NOT_ALLOWED
    if target is None:
        return None if act is Act.REMOVE else ErrorCode.NOT_FOUND
    return None if target in allowed or target == BECOMES.get(act) else ErrorCode.NOT_ALLOWED
