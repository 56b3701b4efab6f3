"""Telling the web processes at once what an act has changed. Lost, they find it by themselves a second later."""

from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from chat.delivery.announce import hint
from chat.log import moderation
from chat.log.moderation import Case


def suspend(case: Case, user: UUID) -> bool:
    """chat.log.moderation.suspend, and their sockets hear of it."""
    done = moderation.suspend(case, user)
    if done:
        revoked(user)
    return done


def remove_picture(case: Case, conv: UUID, seq: int | None = None) -> bool:
    """chat.log.moderation.remove_picture, and sockets of members are told that there is none."""
    done = moderation.remove_picture(case, conv, seq)
    if done:
        _when_committed({"type": "members", "conv": str(conv), "users": []})
    return done


def revoked(*users: object) -> None:
    """Whether these people's devices may still act is to be asked anew, when the transaction has committed."""
    _when_committed({"type": "revoked", "users": [str(user) for user in users]})


def _when_committed(event: dict[str, Any]) -> None:
    transaction.on_commit(partial(hint, event))
