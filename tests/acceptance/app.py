"""An app on a phone, by HTTP only: a bearer token, and requests that a test makes one by one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from chat.log.access import Actor
from tests.acceptance.people import SignedIn, as_apps
from tests.acceptance.servers import PASSWORD, House

API = "/api/v1"
PROBLEM = "application/problem+json"


@dataclass
class App:
    """One device. `ask` gives the answer, whatever it is; `told` the JSON of one that must have that status."""

    http: httpx.AsyncClient
    user: str = ""
    username: str = ""
    device: str = ""
    token: str = field(default="", repr=False)

    @property
    def actor(self) -> Actor:
        return Actor(self.user, self.device)

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        content = {} if body is None else {"json": body}
        return await self.http.request(method, API + path, headers=headers | more.pop("headers", {}), **content, **more)

    async def told(self, method: str, path: str, body: Any = None, status: int = 200, **more: Any) -> Any:
        answer = await self.ask(method, path, body, **more)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def refused(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:
        """Status and code."""
        return code_of(await self.ask(method, path, body, **more))

    async def sign_in(self, username: str, **more: Any) -> "App":
        body = {"username": username, "password": PASSWORD, "name": "phone"} | more
        self._keep(await self.told("POST", "/devices", body, 201))
        return self

    async def sign_up(self, username: str, **more: Any) -> "App":
        self._keep(await self.told("POST", "/accounts", {"username": username, "password": PASSWORD} | more, 201))
        return self

    def _keep(self, answer: dict[str, Any]) -> None:
        self.device, self.token = answer["device_id"], answer["token"]
        self.user, self.username = answer["user"]["id"], answer["user"]["username"]

    # What a person does

    async def open(self, username: str) -> str:
        """The 1:1 conversation with someone; its id."""
        answer = await self.ask("POST", "/conversations/direct", {"username": username})
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["id"])

    async def send(self, conv: str, client_id: str, body: str = "hi", **more: Any) -> httpx.Response:
        return await self.ask("POST", f"/conversations/{conv}/messages", {"client_id": client_id, "body": body} | more)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == PROBLEM, (answer.status_code, answer.text)
    told = answer.json()
    assert told["status"] == answer.status_code
    return answer.status_code, told["code"]


@asynccontextmanager
async def app(address: str, username: str = "", **more: Any) -> AsyncIterator[App]:
    """Signed in as a new device of someone, or (no username) not at all."""
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        found = App(http)
        yield await found.sign_in(username, **more) if username else found


@asynccontextmanager
async def apps(house: House, *usernames: str) -> AsyncIterator[tuple[App, ...]]:
    """Each at another process, in turn."""
    clients = [httpx.AsyncClient(base_url=house.addresses[n % len(house.addresses)], timeout=60) for n in range(9)]
    try:
        yield tuple([await App(client).sign_in(name) for client, name in zip(clients, usernames, strict=False)])
    finally:
        for client in clients:
            await client.aclose()


@asynccontextmanager
async def app_of(house: House, who: SignedIn) -> AsyncIterator[App]:
    """One more device of theirs, without a password and its hash."""
    device = await asyncio.to_thread(house.sign_in, who.username)
    [token] = as_apps(house.dsn, [device])
    async with httpx.AsyncClient(base_url=house.addresses[0], timeout=60) as http:
        yield App(http, device.user, device.username, device.device, token)
