"""The server's own key: push services know it by it (VAPID, RFC 8292). One key for the life of an installation: a
browser's subscription is bound to it."""

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02, VapidException

KEY_BYTES = 32
# RFC 8292 allows a day; a token is made for each push, so it need not be good for long.
TOKEN_S = 12 * 3600


class BadKey(ValueError):
    """Not a P-256 private key of 32 bytes in base64url."""


def new_key() -> str:
    """A fresh private key: its 32 bytes in base64url without padding."""
    secret = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return encoded(secret.to_bytes(KEY_BYTES, "big"))


def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    """Raises BadKey."""
    try:
        raw = decoded(text)
        if len(raw) != KEY_BYTES:
            raise BadKey
        return ec.derive_private_key(int.from_bytes(raw, "big"), ec.SECP256R1())
    except ValueError:
        raise BadKey("not a private key") from None


def public_key(text: str) -> str:
    """What browsers subscribe with (applicationServerKey): the 65 bytes of the point, in base64url. Raises BadKey."""
    point = private_key(text).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return encoded(point)


def is_key(text: str) -> bool:
    try:
        private_key(text)
    except BadKey:
        return False
    return True


def is_contact(text: str) -> bool:
    """What `headers` accepts as a subject: `mailto:…` or `https://…`."""
    try:
        headers(new_key(), text, "https://push.example")
    except VapidException:
        return False
    return True


def headers(key: str, subject: str, audience: str) -> dict[str, str]:
    """What proves to the push service at `audience` (an origin) who is sending, and how to reach its operator."""
    claims = {"aud": audience, "sub": subject, "exp": int(time.time()) + TOKEN_S}
    signed: dict[str, str] = Vapid02(private_key(key)).sign(claims)
    return signed


def encoded(data: bytes) -> str:
    """Base64url without padding, as everywhere in Web Push."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """With or without padding. Raises ValueError."""
    bare = text.rstrip("=")
    data = urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
    # The decoder skips what it does not know; only what comes out the same went in right.
    if encoded(data) != bare:
        raise ValueError("not base64url")
    return data
