"""Who may do what in a group: the whole table, written down once more, and what holds of every cell."""

from itertools import product
from typing import get_args

import pytest

from chat.policy.groups import BECOMES, GIVES, TOWARDS, Act, refusal, refusal_towards
from chat.protocol.errors import ErrorCode
from chat.protocol.group_frames import Adding, Role

ROLES: tuple[Role | None, ...] = ("owner", "admin", "member", None)
NOT_FOUND, NOT_ALLOWED = ErrorCode.NOT_FOUND, ErrorCode.NOT_ALLOWED
NO = NOT_ALLOWED


@pytest.mark.parametrize(
    ("act", "owner", "admin", "member"),
    [
        (Act.CHANGE, None, None, NO),
        (Act.INVITE, None, None, NO),
        (Act.ADD, None, None, NO),
        (Act.LEAVE, None, None, None),
        (Act.MUTE, None, None, None),
    ],
)
def test_what_is_done_to_a_group(
    act: Act, owner: ErrorCode | None, admin: ErrorCode | None, member: ErrorCode | None
) -> None:
    assert [refusal(act, role) for role in ROLES] == [owner, admin, member, NOT_FOUND]


def test_everyone_adds_where_everyone_may() -> None:
    assert [refusal(Act.ADD, role, "everyone") for role in ROLES] == [None, None, None, NOT_FOUND]
    others = [act for act in Act if act not in TOWARDS and act is not Act.ADD]
    for act, role, adding in product(others, ROLES, get_args(Adding)):
        assert refusal(act, role, adding) == refusal(act, role), "the setting is about adding alone"


# To an owner, an admin, a member, nobody.
@pytest.mark.parametrize(
    ("act", "owner", "admin", "member"),
    [
        (Act.REMOVE, [NO, None, None, None], [NO, NO, None, None], [NO, NO, NO, NO]),
        (Act.MAKE_ADMIN, [NO, None, None, NOT_FOUND], [NO, None, None, NOT_FOUND], [NO, NO, NO, NO]),
        (Act.UNMAKE_ADMIN, [NO, None, None, NOT_FOUND], [NO, NO, NO, NO], [NO, NO, NO, NO]),
        (Act.PASS_OWNERSHIP, [None, None, None, NOT_FOUND], [NO, NO, NO, NO], [NO, NO, NO, NO]),
    ],
)
def test_what_is_done_to_a_member(
    act: Act, owner: list[ErrorCode | None], admin: list[ErrorCode | None], member: list[ErrorCode | None]
) -> None:
    told = [[refusal_towards(act, actor, target) for target in ROLES] for actor in ROLES]
    assert told == [owner, admin, member, [NOT_FOUND] * 4]


def test_who_is_no_member_cannot_tell_a_group_from_none() -> None:
    codes = {refusal(act, None, adding) for act in Act if act not in TOWARDS for adding in get_args(Adding)}
    codes |= {refusal_towards(act, None, target) for act in TOWARDS for target in ROLES}
    assert codes == {NOT_FOUND}


def test_nobody_gets_above_themselves_and_nobody_touches_an_owner() -> None:
    rank = {"member": 0, "admin": 1, "owner": 2}
    for act, actor, target in product(TOWARDS, get_args(Role), get_args(Role)):
        if refusal_towards(act, actor, target) is None and BECOMES.get(act) != target:
            assert rank[target] < rank[actor]
            assert rank[BECOMES.get(act, "member")] <= rank[actor]


def test_every_role_can_be_given_by_one_act() -> None:
    assert set(GIVES) == set(get_args(Role))
