"""Deleting an account: what somebody wrote stays, as it is part of others' logs; nothing else of theirs does.

What goes: name, username, mail address, password, settings, devices with their inboxes and push subscriptions, whom
they had blocked and who had blocked them, what they had hidden, when they received and saw what, their place in groups,
their name in reports and what they wrote to the moderators in their own. Sessions, tokens and sockets end. What stays:
their messages, with the stays and the watermarks of 1:1 conversations: others' ticks are made of these; the picture
they gave a group, as long as somebody is in it; and reports, with the copies of what was said: who is reported does not
make an end of it by leaving.
"""

import hashlib
from uuid import UUID

from asgiref.sync import async_to_sync
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from psycopg import AsyncConnection

from chat.log import devices, groups, silence
from chat.log.access import Actor
from chat.log.between import direct_key
from chat.models import (
    Block,
    Change,
    Conversation,
    Device,
    Hidden,
    Membership,
    Opening,
    PushSubscription,
    Report,
    RetiredUsername,
    User,
)
from receipts.models import Receipt

# Usernames that people choose are shorter.
USERNAME = "deleted-{id}"
NAME = "Deleted account"

GROUPS = """
SELECT s.conversation_id::text FROM chat_membership s
JOIN chat_conversation c ON c.id = s.conversation_id AND c.kind = 'group'
WHERE s.user_id = %s::uuid AND s.left_seq IS NULL ORDER BY s.conversation_id
"""


def delete_account(device: Device) -> None:
    """Of the device's person, who has just given their password. May be called again after it failed half way: groups
    are left one by one. Raises Refusal, django.db.Error, psycopg.Error."""
    async_to_sync(_leave_groups)(Actor(str(device.user_id), str(device.id)))
    _forget(device.user_id)


def is_retired(username: str) -> bool:
    """Whether it was somebody's whose account is deleted."""
    return RetiredUsername.objects.filter(digest=_digest(username)).exists()


async def _leave_groups(actor: Actor) -> None:
    async with await AsyncConnection.connect(settings.POSTGRES_DSN, connect_timeout=5, autocommit=True) as connection:
        cursor = await connection.execute(GROUPS, [actor.user])
        for (conv,) in await cursor.fetchall():
            async with connection.transaction():
                await groups.leave(connection, actor, conv)


@transaction.atomic
def _forget(user_id: UUID) -> None:
    stays = Membership.objects.filter(user_id=user_id, left_seq=None)
    convs = Conversation.objects.filter(id__in=stays.values("conversation_id")).order_by("id")
    locked = [conv.id for conv in convs.select_for_update(no_key=True)]
    user = User.objects.select_for_update(no_key=True).get(id=user_id)
    if user.deleted_at is not None:
        return
    RetiredUsername.objects.get_or_create(digest=_digest(user.username))
    _blank(user)
    PushSubscription.objects.filter(device__user=user).remove()
    Device.objects.filter(user=user).delete()
    Hidden.objects.filter(user=user).delete()
    _lift_blocks(user.id)
    with connection.cursor() as cursor:
        silence.end_all(cursor, locked)
    _leave_reports(user.id)
    Opening.objects.filter(sender=user).delete()
    Receipt.objects.filter(user=user).delete()
    # Whoever has such a conversation open is told anew who its members are.
    Conversation.objects.filter(id__in=locked).update(members_rev=F("members_rev") + 1)
    Change.objects.create(kind=Change.Kind.MEMBERS, conversations=locked, users=[], at=timezone.now())
    devices.reconsider(user.id)


def _lift_blocks(user_id: UUID) -> None:
    """Theirs, and those against them, whose makers are told of the conversation once more."""
    blocks = Block.objects.filter(Q(user=user_id) | Q(blocked=user_id))
    pairs = list(blocks.values_list("user_id", "blocked_id"))
    found = Conversation.objects.filter(direct_key__in={direct_key(*pair) for pair in pairs})
    convs = dict(found.values_list("direct_key", "id"))
    for pair in pairs:
        if conv := convs.get(direct_key(*pair)):
            Change.objects.create(kind=Change.Kind.BLOCKED, conversations=[conv], users=list(pair), at=timezone.now())
    blocks.delete()


def _leave_reports(user_id: UUID) -> None:
    """Moderators see who is meant by their id, as in the log; the conversations are locked, then the person, then
    reports, as in chat/log/moderation.py."""
    Report.objects.filter(reporter=user_id).update(note="")
    sender = str(user_id)
    reports = Report.objects.filter(context__contains=[{"sender_id": sender}]).order_by("id")
    for report in reports.select_for_update(no_key=True):
        report.context = [
            entry | {"sender": NAME} if entry["sender_id"] == sender else entry for entry in report.context
        ]
        report.save(update_fields=["context"])


def _blank(user: User) -> None:
    user.username, user.name, user.email = USERNAME.format(id=user.id.hex), NAME, ""
    user.first_name = user.last_name = ""
    user.is_active = user.is_staff = user.is_superuser = False
    user.read_receipts = user.shows_presence = True
    user.writers = User.Writers.EVERYONE
    user.last_login, user.deleted_at = None, timezone.now()
    user.set_unusable_password()
    user.save()
    user.groups.clear()
    user.user_permissions.clear()


def _digest(username: str) -> bytes:
    return hashlib.sha256(username.lower().encode()).digest()
