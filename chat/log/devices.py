"""Registering and revoking devices (Django's synchronous side: sign-in pages, the admin, threads of the API)."""

import hashlib
import secrets
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from chat.models import Change, Device, PushSubscription, User

# A new device starts where its person already is: what another device took is history to page through, and the
# person's maximum over devices stays true. It loads everything as it is now, so there are no changes to tell; what
# has expired for its person it is not owed. Conversations made later have no row, which means their start.
START_INBOXES = """
INSERT INTO chat_inbox (device_id, conversation_id, received_seq, received_rev, attempts)
SELECT %s, w.conversation_id, greatest(w.delivered_seq, coalesce(l.upto, 0)), c.last_rev, 0
FROM receipts_watermark w
JOIN chat_membership s ON s.conversation_id = w.conversation_id AND s.user_id = w.user_id AND s.left_seq IS NULL
JOIN chat_conversation c ON c.id = w.conversation_id
LEFT JOIN LATERAL (SELECT max(upto_seq) AS upto FROM receipts_lapse
                   WHERE conversation_id = w.conversation_id AND user_id = w.user_id) l ON true
WHERE w.user_id = %s
"""


def token_hash(token: str) -> bytes:
    """What is stored of a device's secret."""
    return hashlib.sha256(token.encode()).digest()


def new_token() -> str:
    """32 random bytes in letters that may stand in a header, a cookie and the name of a subprotocol."""
    return secrets.token_urlsafe(32)


@transaction.atomic
def register(user: User, name: str = "", kind: Device.Kind = Device.Kind.BROWSER) -> tuple[Device, str]:
    """A new device and its secret, which is shown this once."""
    token = new_token()
    device = Device.objects.create(user=user, kind=kind, name=name[:100], token_hash=token_hash(token))
    with connection.cursor() as cursor:
        cursor.execute(START_INBOXES, [device.id, user.id])
    return device, token


@transaction.atomic
def sign_in_again(user: User, device_id: UUID) -> tuple[Device, str] | None:
    """An app of this person under a new token: the same device, with its positions. What it had open under an older
    token ends. None: it has no such app that can act."""
    apps = Device.objects.select_for_update(no_key=True).filter(kind=Device.Kind.APP, user=user, revoked_at=None)
    device = apps.filter(id=device_id).first()
    if device is None:
        return None
    token = new_token()
    device.access_rev = device.token_rev = device.access_rev + 1
    device.token_hash, device.next_token_hash = token_hash(token), None
    device.save(update_fields=["access_rev", "token_rev", "token_hash", "next_token_hash"])
    reconsider(user.id)
    return device, token


def rotate(device: UUID) -> str | None:
    """A token in place of the app's own, which ends when this one is first used; so an answer that is lost locks
    nobody out. Asked again before that, only the last one made counts. None: the device was revoked meanwhile."""
    token = new_token()
    apps = Device.objects.filter(id=device, kind=Device.Kind.APP, revoked_at=None)
    return token if apps.update(next_token_hash=token_hash(token)) else None


@transaction.atomic
def revoke(device: Device) -> bool:
    """Ends a device: its sends are refused from now on, its sockets are closed within a second or two,
    and it is not woken up any more.

    False when it was revoked already.
    """
    done = Device.objects.filter(id=device.id, revoked_at=None).update(revoked_at=timezone.now())
    if done:
        PushSubscription.objects.filter(device=device).remove()
        reconsider(device.user_id)
    return bool(done)


@transaction.atomic
def revoke_others(device: Device) -> int:
    """All of its person's but this one. How many."""
    others = Device.objects.filter(user_id=device.user_id, revoked_at=None).exclude(id=device.id)
    return sum(revoke(other) for other in others.order_by("id"))


@transaction.atomic
def end_sessions(user: User, but: Device | None = None) -> None:
    """After a changed password, by which the sessions of before are over: what they opened ends, too, on all devices
    but one. They stay devices, so that nothing that waits on them is lost: it goes on when their person signs in again.
    Until then they are not woken up."""
    others = Device.objects.filter(user=user)
    if not others.exists():
        # Someone new, whose first password this is.
        return
    if but is not None:
        others = others.exclude(id=but.id)
    others.update(access_rev=F("access_rev") + 1)
    PushSubscription.objects.filter(device__in=others.values("id")).remove()
    reconsider(user.id)


@transaction.atomic
def end_sockets(device: Device) -> None:
    """Its session is over, on whichever page that was said. It stays a device, with what waits for it."""
    Device.objects.filter(id=device.id).update(access_rev=F("access_rev") + 1)
    reconsider(device.user_id)


def reconsider(user: UUID) -> None:
    """Within a second or two, every web process closes the sockets of this person that may not act any more: those of
    revoked devices, those from before a changed password, and all if the person is not active. In the transaction that
    made it so."""
    Change.objects.create(kind=Change.Kind.REVOKED, users=[user], at=timezone.now())
