"""Names into addresses for aiohttp, public ones only.

aiohttp connects to what its resolver returns and asks no one else, so the addresses that were checked are those
connected to: a name that resolves differently the next time (DNS rebinding) gains nothing.
"""

import asyncio
import socket

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from chat.policy.endpoints import Endpoint, is_public

LOOK_UP_S = 5.0


class NotPublic(OSError):
    """The name resolves to an address that is not public. All of them have to be: which one is used is chance."""


class PublicResolver(AbstractResolver):
    """`names` does the looking up: the system's resolver, if none is given."""

    def __init__(self, loopback: bool = False, names: AbstractResolver | None = None) -> None:
        self._loopback = loopback
        self._names = names or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._names.resolve(host, port, family)
        if not found or not all(is_public(each["host"], self._loopback) for each in found):
            raise NotPublic("not a public address")
        return found

    async def close(self) -> None:
        await self._names.close()


async def reject_private(endpoint: Endpoint, loopback: bool = False, names: AbstractResolver | None = None) -> None:
    """Raises NotPublic, and OSError or TimeoutError when the name does not resolve just now."""
    if is_public(endpoint.host, loopback):
        return
    async with asyncio.timeout(LOOK_UP_S):
        await PublicResolver(loopback, names).resolve(endpoint.host, 443)
