"""What is asked over HTTP: signing in and out, and what is said of files. Errors by category (retry.py), without
passwords and tokens."""

from collections.abc import Mapping, Set
from typing import Any

import httpx

from messenger_client.errors import MessengerError, Refused, SignedOut, Unavailable
from messenger_client.retry import Retry, of_status, retry_after_ms

TIMEOUT_S = 20.0
SIGNED_IN = {"device_id", "token", "user"}


class Http:
    """`server`: address of the messenger, without a path's end."""

    def __init__(self, server: str) -> None:
        self._server = server

    async def sign_in(self, username: str, password: str, name: str, device: str | None) -> dict[str, Any]:
        """A device of someone's, {device_id, token, user}; `device`: one's own of before, under a new token."""
        wanted = {"username": username, "password": password, "name": name}
        wanted |= {"device_id": device} if device else {}
        return await self._ask("POST", "/api/v1/devices", wanted, tells=SIGNED_IN)

    async def sign_up(self, username: str, password: str, name: str, device: str) -> dict[str, Any]:
        """Someone new, called `name`, with a first device, called `device`: as sign_in."""
        wanted = {"username": username, "password": password, "name": name, "device": device}
        return await self._ask("POST", "/api/v1/accounts", wanted, tells=SIGNED_IN)

    async def rotate(self, token: str) -> str:
        """A new token; the old one ends when the new one is first used."""
        return str((await self._ask("POST", "/api/v1/devices/self/token", None, token, tells={"token"}))["token"])

    async def sign_out(self, device: str, token: str) -> None:
        await self._ask("DELETE", f"/api/v1/devices/{device}", None, token)

    async def _ask(
        self, method: str, path: str, body: Any, token: str | None = None, tells: Set[str] = frozenset()
    ) -> dict[str, Any]:
        """`tells`: what a good answer says at least; another is not the messenger's, but of something before it.
        Raises Unavailable, SignedOut or Refused."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            async with httpx.AsyncClient(base_url=self._server, timeout=TIMEOUT_S, headers=headers) as client:
                response = await client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise unreachable(error) from None
        told = checked(response)
        if not tells <= told.keys():
            raise Unavailable("What answered is not the messenger.")
        return told


async def request(
    client: httpx.AsyncClient, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None
) -> httpx.Response:
    """By a client that is kept open for several of them. Raises Unavailable, SignedOut or Refused."""
    try:
        response = await client.request(method, url, headers=dict(headers), content=content)
    except httpx.HTTPError as error:
        raise unreachable(error) from None
    checked(response)
    return response


def unreachable(error: httpx.HTTPError) -> Unavailable:
    return Unavailable(f"The server cannot be reached ({type(error).__name__}).")


def checked(response: httpx.Response) -> dict[str, Any]:
    """What it says, read already. Raises Unavailable, SignedOut or Refused."""
    said = _json(response)
    if response.is_success:
        return said
    raise _error(response, said)


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _error(response: httpx.Response, problem: dict[str, Any]) -> MessengerError:
    code, text = problem.get("code"), problem.get("detail") or problem.get("title")
    text = text or f"The server answered with HTTP {response.status_code}."
    match of_status(response.status_code, code):
        case Retry.SIGN_IN:
            return SignedOut(text, code)
        case Retry.NEVER:
            return Refused(text, code)
    unavailable = Unavailable(text, code)
    told = problem.get("retry_after_ms")
    unavailable.retry_after_ms = told if isinstance(told, int) else retry_after_ms(response.headers.get("Retry-After"))
    return unavailable
