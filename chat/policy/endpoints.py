"""Where the server may be made to connect to: a push subscription's endpoint is an address a stranger chose.

Threats met here: reading or poking what only this machine can reach (loopback, private networks, a cloud's metadata
address), by number, by a name that resolves to it, or by a name that resolves to it only the second time. The rules
are pure; chat/wakeup/resolving.py applies the second one to what a name resolves to, and connects to those addresses
and no others.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

MAX_URL = 2_048
HTTPS = 443
# What a URL is made of (RFC 3986), less the fragment: nothing that two readers could read differently.
URL = re.compile(r"https?://[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]+")
LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
# Both carry an IPv4 address that a gateway may unwrap.
TUNNELS = (IPv6Network("2002::/16"), IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
THIS_NETWORK = IPv4Network("0.0.0.0/8")
# The push services of the browsers there are.
KNOWN_HOSTS = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "*.push.apple.com",
    "*.notify.windows.com",
)


class BadEndpoint(Exception):
    """An endpoint the server does not connect to. The text says why and does not repeat it: it is a secret."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`origin` is scheme://host[:port], the audience of a VAPID token."""

    origin: str
    host: str


def check(url: str, hosts: tuple[str, ...] = KNOWN_HOSTS, loopback: bool = False) -> Endpoint:
    """Raises BadEndpoint. `hosts`: names, `*.suffix` for everything below a name, `*` for any.

    `loopback` (never in production) also lets in the push service double of a test, on this machine.
    """
    if len(url) > MAX_URL or not URL.fullmatch(url):
        raise BadEndpoint("it is not a URL")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadEndpoint("it is not a URL") from None
    if parts.username is not None or parts.password is not None:
        raise BadEndpoint("it names a user")
    if loopback and _address(host) == IPv4Address("127.0.0.1"):
        return Endpoint(f"{parts.scheme}://{parts.netloc}", host)
    if parts.scheme != "https" or port not in (None, HTTPS):
        raise BadEndpoint("it is not https on its own port")
    if not _is_sound(host) or not any(_matches(host, pattern) for pattern in hosts):
        raise BadEndpoint("its host is not a push service this server knows")
    return Endpoint(f"https://{parts.netloc.lower().removesuffix(f':{HTTPS}')}", host)


def is_public(address: str, loopback: bool = False) -> bool:
    """Whether an IP address is one anyone on the internet could mean. False for what is no address.

    With `loopback`, 127.0.0.1 counts as one.
    """
    found = _address(address)
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if found is None or (found.is_loopback and not loopback):
        return False
    if found.is_loopback:
        return found == IPv4Address("127.0.0.1")
    if isinstance(found, IPv6Address):
        return _is_plain(found) and not found.is_site_local and not any(found in tunnel for tunnel in TUNNELS)
    return _is_plain(found) and found not in THIS_NETWORK


def _is_plain(address: IPv4Address | IPv6Address) -> bool:
    """`is_global` alone takes multicast in."""
    odd = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    return address.is_global and not odd


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_sound(host: str) -> bool:
    """A full name, or a public address. A last label of digits is a number in disguise (127.1, 0x7f.1)."""
    if _address(host) is not None:
        return is_public(host)
    labels = host.split(".")
    whole = len(host) <= 253 and len(labels) > 1 and all(LABEL.fullmatch(label) for label in labels)
    return whole and not labels[-1][0].isdigit()


def _matches(host: str, pattern: str) -> bool:
    if pattern == "*":
        return True
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern
