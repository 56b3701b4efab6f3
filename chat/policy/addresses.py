"""From which address somebody comes, where proxies stand in between. Pure.

Anyone can write anything into X-Forwarded-For; a proxy appends the address it was asked from. So it is read from its
end, and believed as far as those who wrote it are configured proxies: the first address that is none is the client's.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

# What one subscriber usually has of IPv6.
IPV6_PREFIX = 64


def networks(words: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks ("10.0.0.0/8"). Raises ValueError."""
    return tuple(ip_network(word) for word in words)


def client_address(peer: str, forwarded: Sequence[str], proxies: Sequence[Network]) -> str:
    """`peer`: whoever is at the other end of the connection. `forwarded`: the values of X-Forwarded-For, in order."""
    client = _parse(peer)
    if client is None:
        return ""
    hops = [hop.strip() for value in forwarded for hop in value.split(",")]
    while hops and _is_proxy(client, proxies):
        before = _parse(hops.pop())
        if before is None:
            break
        client = before
    return str(client)


def household(address: str) -> str:
    """What counts as one address for limits: of IPv6 the /64, out of which one subscriber may take any."""
    found = _parse(address)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, IPV6_PREFIX), strict=False))
    return address


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def _is_proxy(address: IPv4Address | IPv6Address, proxies: Sequence[Network]) -> bool:
    return any(address in network for network in proxies)
