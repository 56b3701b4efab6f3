"""Anyone does anything to a group, at random: what is refused is what the rules say, and the log tells all of it."""

import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from chat.log import groups
from chat.log.groups import Plan
from chat.log.pool import Database
from chat.log.refusal import Refusal
from chat.models import Conversation, Membership, Message
from chat.policy.groups import GIVES, Act, refusal, refusal_towards
from chat.protocol.errors import ErrorCode
from tests.cast import Cast, Person
from tests.threads import in_thread

pytestmark = [pytest.mark.storage, pytest.mark.django_db(transaction=True)]

STEPS = 120


@dataclass
class Model:
    """Roles of those present, in the order in which they came; who ever was in it; whether everyone may add."""

    roles: dict[str, str] = field(default_factory=dict)
    ever: set[str] = field(default_factory=set)
    adding: str = "admins"
    head: int = 1

    def expected(self, act: str, actor: str, target: str, role: str) -> ErrorCode | None:
        mine: Any = self.roles.get(actor)
        theirs: Any = self.roles.get(target)
        if act == "leave":
            return None if mine or actor in self.ever else ErrorCode.NOT_FOUND
        if act == "add":
            return refusal(Act.ADD, mine, self.adding)  # type: ignore[arg-type]
        if act == "adding":
            return refusal(Act.CHANGE, mine)
        return refusal_towards(Act.REMOVE if act == "remove" else GIVES[role], mine, theirs)  # type: ignore[index]

    def done(self, act: str, actor: str, target: str, role: str) -> int:
        """How many entries it leaves."""
        if act == "add" and target not in self.roles:
            self.roles[target] = "member"
            self.ever.add(target)
        elif act == "remove" and target in self.roles:
            del self.roles[target]
        elif act == "leave" and actor in self.roles:
            return self._leave(actor)
        elif act == "role" and self.roles[target] != role:
            if role == "owner":
                self.roles[actor] = "admin"
            self.roles[target] = role
        elif act == "adding":
            self.adding = "everyone" if self.adding == "admins" else "admins"
        else:
            return 0
        return 1

    def _leave(self, actor: str) -> int:
        was_owner = self.roles.pop(actor) == "owner"
        if not was_owner or not self.roles:
            return 1
        admins = [user for user, role in self.roles.items() if role == "admin"]
        self.roles[(admins or list(self.roles))[0]] = "owner"
        return 2


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_what_happens_is_what_the_rules_say(database: Database, people: Cast, seed: int) -> None:
    dice = random.Random(seed)
    everyone = [people.alice, people.bob, people.carol, people.mallory]
    async with database.transaction() as connection:
        plan = Plan("made", "club", [people.bob.id])
        conv = (await groups.create(connection, people.alice.actor, plan)).conv
    model = Model({people.alice.id: "owner", people.bob.id: "member"}, {people.alice.id, people.bob.id})
    for _ in range(STEPS):
        act = dice.choice(["add", "add", "remove", "leave", "role", "role", "adding"])
        actor, target = dice.sample(everyone, 2)
        role = dice.choice(["owner", "admin", "member"])
        code = await did(database, conv, act, actor, target, role, model.adding)
        assert code is model.expected(act, actor.id, target.id, role), (act, model.roles)
        if code is None:
            model.head += model.done(act, actor.id, target.id, role)
        await in_thread(check, conv, model)


async def did(
    database: Database, conv: str, act: str, actor: Person, target: Person, role: Any, adding: str
) -> ErrorCode | None:
    try:
        async with database.transaction() as connection:
            if act == "add":
                await groups.add(connection, actor.actor, conv, [target.id])
            elif act == "remove":
                await groups.remove(connection, actor.actor, conv, target.id)
            elif act == "leave":
                await groups.leave(connection, actor.actor, conv)
            elif act == "role":
                await groups.give_role(connection, actor.actor, conv, target.id, role)
            else:
                other: Any = "everyone" if adding == "admins" else "admins"
                await groups.change(connection, actor.actor, conv, adding=other)
    except Refusal as refused:
        return refused.code
    return None


def check(conv: str, model: Model) -> None:
    stays = Membership.objects.filter(conversation_id=conv)
    present = {str(user): role for user, role in stays.filter(left_seq=None).values_list("user", "role")}
    assert present == model.roles
    assert list(present.values()).count("owner") == (1 if present else 0)
    conversation = Conversation.objects.get(id=conv)
    seqs = list(Message.objects.filter(conversation_id=conv).order_by("seq").values_list("seq", flat=True))
    assert conversation.last_seq == model.head and seqs == list(range(1, model.head + 1))
    # Each stay ends with an entry, and the next one of that person begins later.
    for user in model.ever:
        edges = [
            seq
            for stay in stays.filter(user=user).order_by("id").values_list("visible_from_seq", "left_seq")
            for seq in stay
        ]
        assert edges == sorted(edges, key=lambda seq: seq or model.head + 1)
