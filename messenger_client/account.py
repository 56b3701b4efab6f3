"""Whose device this is: signing in and up and out. A database is of one person at one server, for good."""

import asyncio
from typing import Any

from messenger_client.engine import Engine
from messenger_client.errors import Refused, SignedOut, SomebodyElse
from messenger_client.http import Http


class Account:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._http = Http(engine.server)
        self._rotating = asyncio.Lock()

    @property
    def _known(self) -> dict[str, str]:
        return self._engine.account

    def check(self) -> None:
        """Its token is no other server's business: raises SomebodyElse."""
        self._must_be("server", self._engine.server)

    @property
    def is_signed_in(self) -> bool:
        return "token" in self._known

    @property
    def me(self) -> str:
        """Raises SignedOut before the first sign-in."""
        if "user" not in self._known:
            raise SignedOut()
        return self._known["user"]

    async def sign_in(self, username: str, password: str, name: str) -> None:
        self._must_be("username", username)
        if self.is_signed_in:
            return
        device = self._known.get("device")
        try:
            answer = await self._http.sign_in(username, password, name, device)
        except Refused as error:
            # Revoked for good: it comes back as a new device.
            if device is None or error.code != "NOT_FOUND":
                raise
            answer = await self._http.sign_in(username, password, name, None)
        await self._adopt(answer)

    async def sign_up(self, username: str, password: str, name: str, device: str) -> None:
        if "user" in self._known:
            raise self._somebody_else()
        await self._adopt(await self._http.sign_up(username, password, name, device))

    async def rotate_token(self) -> None:
        # Of two that were made for one the server takes the last alone, whichever answer comes last.
        async with self._rotating:
            await self._engine.adopt({"token": await self._http.rotate(self._token)})

    async def sign_out(self) -> None:
        await self._http.sign_out(self._engine.device, self._token)
        await self._engine.forget()

    async def _adopt(self, answer: dict[str, Any]) -> None:
        user = answer["user"]
        self._must_be("user", user["id"])
        account = {"server": self._engine.server, "user": user["id"], "username": user["username"]}
        await self._engine.adopt(account | {"device": answer["device_id"], "token": answer["token"]})

    def _must_be(self, what: str, value: str) -> None:
        if self._known.get(what, value).casefold() != value.casefold():
            raise self._somebody_else()

    def _somebody_else(self) -> SomebodyElse:
        return SomebodyElse(f"This database belongs to {self._known['username']} at {self._known['server']}.")

    @property
    def _token(self) -> str:
        if not self.is_signed_in:
            raise SignedOut()
        return self._known["token"]
