"""A mobile team's day by HTTP alone: two phones, one offline, answers that never arrive. Nothing is lost, nothing comes
twice, and both see the same in the end."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from tests.acceptance.app import API, App, app
from tests.acceptance.servers import House

pytestmark = [pytest.mark.acceptance, pytest.mark.faults]


class Phone:
    """Keeps what it was told, as docs/protocol.md says: by seq, the higher rev holds."""

    def __init__(self, who: App) -> None:
        self.app = who
        self.entries: dict[str, dict[int, dict[str, Any]]] = {}
        self.members: dict[str, dict[str, dict[str, Any]]] = {}
        self.taken: list[tuple[str, int]] = []
        self.next: str | None = None

    async def sync(self, limit: int = 2) -> None:
        """Everything; each page asked for twice, as if the first answer had been lost. Then acknowledged, twice."""
        while True:
            asked = {"next": self.next, "limit": limit}
            lost = await self.app.told("POST", "/sync", asked)
            page = await self.app.told("POST", "/sync", asked)
            _agree(lost, page)
            self._take(page)
            acks = [
                {"type": "DELIVERED", "conv": run["conv"], "seq": run["entries"][-1]["seq"], "cumulative": True}
                for run in page["messages"]
            ] + [
                {"type": "CHANGED", "conv": run["conv"], "seq": run["upto"], "cumulative": True}
                for run in page["changes"]
            ]
            acks += [
                {
                    "type": "DELIVERED",
                    "conv": place["conv"],
                    "seq": max(self.entries[place["conv"]]),
                    "cumulative": True,
                }
                for place in page["unconfirmed"]
            ]
            for _ in range(2 if acks else 0):
                assert (await self.app.told("POST", "/acks", {"acks": acks}))["refused"] == []
            self.next = page["next"]
            if not page["has_more"]:
                return

    def _take(self, page: dict[str, Any]) -> None:
        for conversation in page["conversations"]:
            self.members[conversation["id"]] = {member["id"]: member for member in conversation["members"]}
        for run in page["messages"]:
            entries = self.entries.setdefault(run["conv"], {})
            for entry in run["entries"]:
                self.taken.append((run["conv"], entry["seq"]))
                if entry.get("rev", 0) >= entries.get(entry["seq"], {}).get("rev", 0):
                    entries[entry["seq"]] = entry
        for run in page["changes"]:
            for change in run["changes"]:
                entry = self.entries.get(run["conv"], {}).get(change["seq"])
                if entry is not None and change["rev"] > entry.get("rev", 0):
                    entry["rev"] = change["rev"]
                    if change["type"] == "delete":
                        entry.pop("body", None)
                        entry["deleted"] = True
                    else:
                        entry |= {"body": change["body"], "edited_at": change["edited_at"]}


def _agree(lost: dict[str, Any], page: dict[str, Any]) -> None:
    """One may hold more than the other (ticks that rose meanwhile take room as well), never something else."""
    told = [
        {(run["conv"], entry["seq"]): entry for run in answer["messages"] for entry in run["entries"]}
        for answer in (lost, page)
    ]
    both = told[0].keys() & told[1].keys()
    assert {key: told[0][key] for key in both} == {key: told[1][key] for key in both}


async def cut(house: House, who: App, path: str, body: dict[str, Any]) -> None:
    """The request arrives whole; the connection ends before its answer does."""
    host, port = house.addresses[0].removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    content = json.dumps(body).encode()
    head = (
        f"POST {API}{path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {who.token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    writer.write(head.encode() + content)
    await writer.drain()
    writer.close()


async def until_head(who: App, conv: str, head: int) -> None:
    async with asyncio.timeout(20):
        while (await who.told("GET", f"/conversations/{conv}"))["head"] < head:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("server", ["uvicorn", "daphne"])
async def test_two_phones_one_offline_answers_cut(server: str, tmp_path: Path) -> None:
    with House(web=1, server=server) as house:
        address = house.addresses[0]
        async with app(address) as first, app(address) as second:
            await first.sign_up("alice")
            await second.sign_up("bob")
            alice, bob = Phone(first), Phone(second)
            conv = await first.open("bob")
            path = f"/conversations/{conv}/messages"
            # Bob's phone is away. Of every message the first answer is lost, after the server committed.
            for n in range(1, 8):
                body = {"client_id": f"phone_{n}_0", "body": f"number {n}"}
                await cut(house, first, path, body)
                await until_head(first, conv, n)
                again = await first.ask("POST", path, body)
                assert (again.status_code, again.json()["seq"]) == (200, n)
            await first.told("PATCH", f"{path}/2", {"body": "another text"})
            # Once the whole process dies between commit and answer.
            body = {"client_id": "phone_8_0", "body": "number 8", "after": "phone_7_0"}
            await _die_after_commit(house, tmp_path)
            with pytest.raises(httpx.TransportError):
                await first.ask("POST", path, body)
            house.end("web-1")
            await asyncio.to_thread(house.restart, "web-1")
            again = await first.ask("POST", path, body)
            assert (again.status_code, again.json()["seq"]) == (200, 8)
            await bob.sync()
            await first.told("DELETE", f"{path}/3?for=all")
            await second.send(conv, "reply_1_0", "got it", reply_to=8)
            for phone in (bob, alice):
                await phone.sync(limit=100)
            await _until_told(alice, conv, second.user, delivered=9)
            await first.told("POST", "/acks", {"acks": [{"type": "SEEN", "conv": conv, "seq": 9, "cumulative": True}]})
            await _until_told(bob, conv, first.user, seen=9)
            await alice.sync()
            assert alice.entries == bob.entries
            assert sorted(bob.entries[conv]) == list(range(1, 10))
            assert len(bob.taken) == len(set(bob.taken)) == 9
            shown = {seq: entry.get("body") for seq, entry in bob.entries[conv].items()}
            assert shown == {n: f"number {n}" for n in range(1, 9)} | {2: "another text", 3: None, 9: "got it"}
            whole = await second.told("GET", f"{path}?limit=100")
            assert {entry["seq"]: entry for entry in whole["entries"]} == bob.entries[conv]
            await _lose_acknowledgements(house, first, bob, conv)
            await bob.sync()
            await _until_told(alice, conv, second.user, delivered=10)


async def _die_after_commit(house: House, folder: Path) -> None:
    flag = folder / "die"
    house.end("web-1")
    await asyncio.to_thread(house.restart, "web-1", {"MESSENGER_FAILPOINT": f"after_commit_once:{flag}"})
    flag.touch()


async def _lose_acknowledgements(house: House, sender: App, phone: Phone, conv: str) -> None:
    """The phone acknowledges one more entry, and Redis forgets it before it is in the database."""
    await asyncio.to_thread(house.end, "celery")
    await sender.send(conv, "phone_9_0", "number 10")
    await phone.sync()
    with Redis.from_url(house.redis.url) as redis:
        redis.flushall()
    await asyncio.to_thread(house.restart, "celery")


async def _until_told(phone: Phone, conv: str, user: str, **wanted: int) -> None:
    async with asyncio.timeout(20):
        while not wanted.items() <= phone.members[conv][user].items():
            await phone.sync()
            await asyncio.sleep(0.05)
