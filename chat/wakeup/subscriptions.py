"""A device's push subscription: taken in, and removed."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from django.db import IntegrityError, transaction
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chat.models import Device, PushSubscription
from chat.policy import endpoints
from chat.policy.endpoints import BadEndpoint
from chat.wakeup.vapid import decoded

AUTH_BYTES = 16


class BadSubscription(Exception):
    """The text says what is wrong with it, and repeats nothing of it."""


class _Keys(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)
    p256dh: str = Field(max_length=100)
    auth: str = Field(max_length=32)


class WebPushSubscription(BaseModel):
    """What a browser's PushSubscription gives as JSON. `expirationTime` and whatever else it says is not needed."""

    model_config = ConfigDict(strict=True, frozen=True)
    endpoint: str = Field(max_length=endpoints.MAX_URL)
    keys: _Keys


def parse(data: bytes, hosts: tuple[str, ...], loopback: bool = False) -> WebPushSubscription:
    """Raises BadSubscription. `resolving.reject_private` looks at what its host resolves to."""
    try:
        found = WebPushSubscription.model_validate_json(data)
    except ValidationError:
        raise BadSubscription("it is not what a browser's PushSubscription gives") from None
    examine(found, hosts, loopback)
    return found


def examine(found: WebPushSubscription, hosts: tuple[str, ...], loopback: bool = False) -> None:
    """Raises BadSubscription."""
    try:
        endpoints.check(found.endpoint, hosts, loopback)
    except BadEndpoint as why:
        raise BadSubscription(f"the endpoint cannot be used: {why}") from None
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(found.keys.p256dh))
        genuine = len(decoded(found.keys.auth)) == AUTH_BYTES
    except ValueError:
        genuine = False
    if not genuine:
        raise BadSubscription("its keys are not keys")


def keep(device: Device, wanted: WebPushSubscription) -> bool:
    """In place of the device's former one, and of any other device's with this endpoint. False: the device was
    revoked meanwhile. Registering again changes nothing."""
    for _ in range(3):
        try:
            return _keep(device, wanted)
        except IntegrityError:
            # Two devices register the same endpoint at once: whoever comes last has it.
            continue
    return _keep(device, wanted)


@transaction.atomic
def _keep(device: Device, wanted: WebPushSubscription) -> bool:
    # Under the row lock that a revocation needs too: none is left with a revoked device.
    if not Device.objects.select_for_update(no_key=True).filter(id=device.id, revoked_at=None).exists():
        return False
    PushSubscription.objects.filter(endpoint=wanted.endpoint).exclude(device=device).remove()
    fresh: dict[str, Any] = {"failures": 0, "last_error": "", "not_before": None}
    told = {"service": "webpush", "endpoint": wanted.endpoint, "p256dh": wanted.keys.p256dh, "auth": wanted.keys.auth}
    same = PushSubscription.objects.filter(device=device, **told)
    if not same.exists():
        PushSubscription.objects.update_or_create(device=device, defaults=told | fresh)
    return True


def remove(device: Device) -> bool:
    """The device is not woken up any more. False: it was not before."""
    return PushSubscription.objects.filter(device=device).remove()
