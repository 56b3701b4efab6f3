"""The API as an app uses it, on both servers and with two processes: each route does what its frame does."""

import asyncio
import contextlib
import itertools

import httpx
import pytest

from tests.acceptance.app import App, apps, code_of
from tests.acceptance.conftest import Cast
from tests.acceptance.servers import PASSWORD, House
from tests.acceptance.wire import connect

pytestmark = pytest.mark.acceptance

NOBODYS = "0199c1f0-6b00-7c0e-8f00-0000000c0e5a"
NUMBERS = itertools.count(1)
NOT_FOUND = (404, "NOT_FOUND")
INVALID = (422, "INVALID_REQUEST")


async def say(who: App, conv: str, *bodies: str) -> list[int]:
    """Their seqs."""
    answers = [await who.send(conv, f"{who.device[-12:]}_{next(NUMBERS)}_0", body) for body in bodies]
    return [answer.json()["seq"] for answer in answers]


async def stand(who: App, conv: str) -> dict[str, int]:
    found = await who.told("GET", f"/conversations/{conv}")
    return {name: found[name] for name in ("head", "rev", "received", "received_rev", "seen", "unread")}


async def until_standing(who: App, conv: str, **wanted: int) -> None:
    """Acknowledgements are flushed a moment later."""
    async with asyncio.timeout(20):
        while not wanted.items() <= (await stand(who, conv)).items():
            await asyncio.sleep(0.02)


async def test_a_message_is_taken_once_however_often_it_is_sent(house: House, cast: Cast) -> None:
    """At one process or the other; with other content the key is taken."""
    async with apps(house, cast.alice.username, cast.alice.username, cast.bob.username) as (alice, tablet, bob):
        conv = await alice.open(cast.bob.username)
        first = await alice.send(conv, "once", "hello")
        assert first.status_code == 201
        for who in (alice, tablet, alice):
            again = await who.send(conv, "once", "hello")
            assert (again.status_code, again.json()) == (200, first.json())
        assert code_of(await tablet.send(conv, "once", "other")) == (409, "IDEMPOTENCY_CONFLICT")
        # Another person's is another key.
        assert (await bob.send(conv, "once", "hello")).json()["seq"] == 2
        history = await bob.told("GET", f"/conversations/{conv}/messages")
        assert [(e["seq"], e["client_id"], e["body"], e["at"]) for e in history["entries"]][:1] == [
            (1, "once", "hello", first.json()["timestamp"])
        ]


async def test_many_at_once_are_one_message(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username, cast.alice.username) as (alice, tablet):
        conv = await alice.open(cast.bob.username)
        answers = await asyncio.gather(*(who.send(conv, "race", "x") for who in (alice, tablet) * 8))
        assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
        assert len({answer.text for answer in answers}) == 1


async def test_what_cannot_be_sent(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username) as (alice,):
        conv = await alice.open(cast.bob.username)
        path = f"/conversations/{conv}/messages"
        for body in ("", "   ", "x" * 4097, "nul\0", 5, None):
            assert await alice.refused("POST", path, {"client_id": "a", "body": body}) == (422, "INVALID_MESSAGE"), body
        for wrong in ({}, [], "text", {"client_id": "", "body": "x"}, {"client_id": "a" * 65, "body": "x"}):
            assert await alice.refused("POST", path, wrong) == INVALID, wrong
        for after in ({"after": "missing"}, {"after": "missing", "reply_to": 1}):
            answer = await alice.send(conv, "later", **after)
            assert (code_of(answer), answer.headers["retry-after"]) == ((503, "PREDECESSOR_MISSING"), "0")
        assert code_of(await alice.send(conv, "b", reply_to=7)) == (422, "INVALID_REPLY")
        assert code_of(await alice.send(NOBODYS, "b")) == NOT_FOUND
        assert code_of(await alice.send("nonsense", "b")) == NOT_FOUND
        assert (await stand(alice, conv))["head"] == 0
        assert (await alice.send(conv, "a", "x")).status_code == 201
        # After what is there, answering it, naming it by its key.
        assert (await alice.send(conv, "c", after="a", reply_to_id="a")).status_code == 201
        entry = (await alice.told("GET", path))["entries"][-1]
        assert (entry["seq"], entry["reply_to"]) == (2, 1)


async def test_bytes_that_are_no_request(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username) as (alice,):
        conv = await alice.open(cast.bob.username)
        path = f"/conversations/{conv}/messages"
        json = {"Content-Type": "application/json"}
        for content in (b"", b"{", b"\xff", b'{"client_id": "a", "body": "\xed\xa0\x80"}', b"[" * 10_000, b"nan"):
            status, code = await alice.refused("POST", path, content=content, headers=json)
            assert (status in (400, 422), code) == (True, "INVALID_REQUEST"), content[:20]
        for content in (b'{"client_id": "a", "body": "\\ud800"}', b'{"client_id": "a", "body": 1e400}'):
            assert (await alice.refused("POST", path, content=content, headers=json))[0] in (400, 422)
        body = b'{"client_id": "a", "body": "x"}'
        assert await alice.refused("POST", path, content=body) == (415, "INVALID_REQUEST")
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        assert await alice.refused("POST", path, content=b"a=b", headers=form) == (415, "INVALID_REQUEST")
        long = b'{"client_id": "a", "body": "' + b"x" * 70_000 + b'"}'
        assert await alice.refused("POST", path, content=long, headers=json) == (413, "INVALID_REQUEST")

        async def endless():  # type: ignore[no-untyped-def]
            for _ in range(200):
                yield b" " * 1_000

        assert await alice.refused("POST", path, content=endless(), headers=json) == (413, "INVALID_REQUEST")
        answer = await alice.ask("PUT", path)
        assert (code_of(answer), set(answer.headers["allow"].split(", "))) == (
            (405, "INVALID_REQUEST"),
            {"GET", "POST"},
        )
        assert await alice.refused("GET", "/no/such/thing") == NOT_FOUND
        assert await alice.refused("GET", "/me", headers={"Host": "evil.example"}) == (400, "INVALID_REQUEST")
        assert (await stand(alice, conv))["head"] == 0


async def test_history_both_ways(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username, cast.bob.username) as (alice, bob):
        conv = await alice.open(cast.bob.username)
        await say(alice, conv, *(f"number {n}" for n in range(1, 13)))
        path = f"/conversations/{conv}/messages"

        async def read(query: str) -> tuple[int, int, list[int]]:
            page = await bob.told("GET", f"{path}?{query}")
            return page["from"], page["to"], [entry["seq"] for entry in page["entries"]]

        assert await read("limit=5") == (8, 12, [8, 9, 10, 11, 12])
        assert await read("before=8&limit=5") == (3, 7, [3, 4, 5, 6, 7])
        assert await read("before=3&limit=5") == (1, 2, [1, 2])
        assert await read("from=3&limit=2") == (3, 4, [3, 4])
        assert await read("from=12&limit=2") == (12, 13, [12])
        assert await read("from=900") == (900, 949, [])
        assert (await read("before=1"))[2] == []
        for query in ("from=1&before=2", "from=0", "limit=0", "limit=101", "before=x", f"from={2**63}"):
            assert await bob.refused("GET", f"{path}?{query}") == INVALID, query


async def test_long_messages_come_in_shorter_pages_that_leave_nothing_out(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username, cast.bob.username) as (alice, bob):
        conv = await alice.open(cast.bob.username)
        await say(alice, conv, *(f"{n:02}" + "\U0001f600" * 4_000 for n in range(40)))
        path = f"/conversations/{conv}/messages"
        backwards, before, pages = [], 41, 0
        while before > 1:
            page = await bob.told("GET", f"{path}?before={before}&limit=100")
            assert page["to"] == before - 1
            backwards = [entry["seq"] for entry in page["entries"]] + backwards
            before, pages = page["from"], pages + 1
        assert (backwards, pages > 1) == (list(range(1, 41)), True)
        onwards, first = [], 1
        while first <= 40:
            page = await bob.told("GET", f"{path}?from={first}&limit=100")
            onwards += [entry["seq"] for entry in page["entries"]]
            first = page["to"] + 1
        assert onwards == backwards


async def test_acknowledgements_raise_positions_and_ticks(house: House, cast: Cast) -> None:
    """What alice's socket is told is what bob's app has acknowledged, wherever it asked."""
    async with (
        apps(house, cast.bob.username) as (bob,),
        connect(house.addresses[1], cast.alice) as alice,
    ):
        conv = await alice.open(cast.bob.username)
        for n in range(5):
            await alice.send(conv, f"number {n}")

        async def ack(*acks: tuple[str, int, bool], to: str = conv) -> dict[str, object]:
            told = [{"type": kind, "conv": to, "seq": seq, "cumulative": upto} for kind, seq, upto in acks]
            return dict(await bob.told("POST", "/acks", {"acks": told}))

        def at(received: int, seen: int, rev: int = 0) -> list[dict[str, object]]:
            return [{"conv": conv, "received": received, "rev": rev, "seen": seen}]

        assert (await ack(("DELIVERED", 1, False), ("DELIVERED", 2, False), ("DELIVERED", 4, False)))[
            "positions"
        ] == at(2, 0)
        # Nobody has seen what they have not stored.
        assert (await ack(("SEEN", 3, True)))["positions"] == at(2, 2)
        assert (await alice.tick(conv, "SEEN", 2))["seq"] == 2
        assert (await ack(("DELIVERED", 5, True), ("SEEN", 5, True)))["positions"] == at(5, 5)
        assert (await alice.tick(conv, "SEEN", 5))["sender_id"] == cast.bob.user
        # Again, and less: nothing falls.
        assert (await ack(("DELIVERED", 1, True), ("SEEN", 1, True)))["positions"] == at(5, 5)
        done = await ack(("DELIVERED", 6, True), ("CHANGED", 1, True))
        assert [each["code"] for each in done["refused"]] == ["INVALID_ACK", "INVALID_ACK"]  # type: ignore[attr-defined]
        done = await ack(("DELIVERED", 1, True), to=NOBODYS)
        assert (done["positions"], [each["code"] for each in done["refused"]]) == ([], ["NOT_FOUND"])  # type: ignore[attr-defined]
        await until_standing(bob, conv, received=5, seen=5, unread=0)
        for wrong in ([], [{"type": "READ", "conv": conv, "seq": 1}], [{"type": "SEEN", "conv": conv, "seq": 0}]):
            assert await bob.refused("POST", "/acks", {"acks": wrong}) == INVALID


async def test_single_acknowledgements_one_by_one_count(house: House, cast: Cast) -> None:
    """Before any of them is flushed: what was noted is read back from the buffer, at the other process too."""
    async with apps(house, cast.alice.username, cast.bob.username) as (alice, bob):
        conv = await alice.open(cast.bob.username)
        await say(alice, conv, *"abcdefgh")
        other = App(alice.http, token=bob.token)
        for seq in range(1, 9):
            who = (bob, other)[seq % 2]
            acks = [{"type": "DELIVERED", "conv": conv, "seq": seq}]
            async with asyncio.timeout(20):
                # A flush may have it in its hands: then it is said again, as the answer tells.
                while (await who.told("POST", "/acks", {"acks": acks}))["positions"][0]["received"] != seq:
                    pass
        await until_standing(bob, conv, received=8)


async def test_a_socket_of_the_same_device_goes_on_when_its_app_acknowledges(house: House, cast: Cast) -> None:
    """Its window is full of entries that are acknowledged by requests; the rest of them come."""
    async with apps(house, cast.bob.username) as (bob,), connect(house.addresses[0], cast.alice) as alice:
        conv = await alice.open(cast.bob.username)
        async with connect(house.addresses[0], bearer=bob.token) as wire:
            for n in range(300):
                await alice.say({"t": "send", "conv": conv, "client_id": f"fill-{n}", "body": "x"})
            await wire.entry(conv, 256)
            acks = [{"type": "DELIVERED", "conv": conv, "seq": 256, "cumulative": True}]
            await bob.told("POST", "/acks", {"acks": acks})
            await wire.entry(conv, 300)


async def test_sync_from_nothing_and_onwards(house: House, cast: Cast) -> None:
    """New messages whole; edits, deletions and who is in it by what became of them; nothing twice, nothing left out."""
    async with apps(house, cast.alice.username, cast.bob.username) as (alice, bob):
        conv = await alice.open(cast.bob.username)
        await say(alice, conv, *(f"number {n}" for n in range(1, 8)))
        seqs, next_, answers = [], None, 0
        while True:
            page = await bob.told("POST", "/sync", {"limit": 3, "next": next_})
            seqs += [entry["seq"] for run in page["messages"] for entry in run["entries"]]
            next_, answers = page["next"], answers + 1
            if not page["has_more"]:
                break
        assert (seqs, answers > 2) == (list(range(1, 8)), True)
        page = await bob.told("POST", "/sync", {"next": next_})
        assert (page["messages"], page["changes"], page["conversations"], page["has_more"]) == ([], [], [], False)
        path = f"/conversations/{conv}/messages"
        await alice.told("PATCH", f"{path}/2", {"body": "another text"})
        await alice.told("DELETE", f"{path}/3?for=all")
        await say(alice, conv, "number 8")
        page = await bob.told("POST", "/sync", {"next": page["next"]})
        assert [(c["type"], c["seq"], c.get("body")) for run in page["changes"] for c in run["changes"]] == [
            ("edit", 2, "another text"),
            ("delete", 3, None),
        ]
        assert [entry["body"] for run in page["messages"] for entry in run["entries"]] == ["number 8"]
        by_position = {"epoch": page["epoch"], "positions": [{"conv": conv, "received": 6, "rev": 2}]}
        page = await bob.told("POST", "/sync", by_position)
        assert [entry["seq"] for run in page["messages"] for entry in run["entries"]] == [7, 8]
        for wrong in ("nonsense", "", "x" * 1000):
            assert await bob.refused("POST", "/sync", {"next": wrong}) == (422, "BAD_POINT")
        for wrong in ({"limit": 0}, {"limit": 101}, {"positions": 3}, {"next": 5}):
            assert await bob.refused("POST", "/sync", wrong) == INVALID


async def test_changing_what_was_sent(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username, cast.bob.username) as (alice, bob):
        conv = await alice.open(cast.bob.username)
        await say(alice, conv, "one", "two", "three")
        path = f"/conversations/{conv}/messages"
        async with connect(house.addresses[1], cast.bob) as socket:
            assert await alice.told("PATCH", f"{path}/1", {"body": "uno"}) == {"conv": conv, "seq": 1, "rev": 1}
            assert await alice.told("PATCH", f"{path}/1", {"body": "uno"}) == {"conv": conv, "seq": 1, "rev": 1}
            changed = await socket.hear("changes")
            assert [change["body"] for change in changed["changes"]] == ["uno"]
        assert (await alice.told("DELETE", f"{path}/2?for=all"))["rev"] == 2
        assert (await bob.told("DELETE", f"{path}/3?for=me"))["rev"] == 3
        page = await bob.told("GET", path)
        assert [(e["seq"], e.get("body"), e.get("deleted")) for e in page["entries"]] == [
            (1, "uno", None),
            (2, None, True),
        ]
        assert page["absent"] == [{"from": 3, "to": 3, "why": "deleted"}]
        assert len((await alice.told("GET", path))["entries"]) == 3
        for method, rest, body, wanted in (
            ("PATCH", "1", {"body": "no"}, NOT_FOUND),
            ("DELETE", "1?for=all", None, NOT_FOUND),
            ("DELETE", "9?for=me", None, NOT_FOUND),
            ("DELETE", "1", None, INVALID),
            ("DELETE", "1?for=both", None, INVALID),
            ("PATCH", "0", {"body": "no"}, NOT_FOUND),
            ("PATCH", "1", {"body": " "}, (422, "INVALID_MESSAGE")),
            ("POST", "1/resend", {"client_id": "again"}, NOT_FOUND),
        ):
            assert await bob.refused(method, f"{path}/{rest}", body) == wanted, (method, rest)
        assert await alice.refused("POST", f"{path}/1/resend", {"client_id": "again"}) == (409, "NOT_EXPIRED")


async def test_who_has_it_and_when(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username, cast.bob.username) as (alice, bob):
        conv = await alice.open(cast.bob.username)
        await say(alice, conv, "one")
        path = f"/conversations/{conv}/messages/1/info"
        [person] = (await alice.told("GET", path))["people"]
        assert (person["id"], person["delivered_at"], person["seen_at"]) == (bob.user, None, None)
        acks = [{"type": kind, "conv": conv, "seq": 1, "cumulative": True} for kind in ("DELIVERED", "SEEN")]
        await bob.told("POST", "/acks", {"acks": acks})
        await until_standing(bob, conv, seen=1)
        [person] = (await alice.told("GET", path))["people"]
        assert person["delivered_at"] and person["seen_at"] >= person["delivered_at"]


async def test_conversations_in_pages_newest_first(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username) as (alice,):
        others = [cast.bob, cast.carol, cast.alice]
        convs = [await alice.open(other.username) for other in others]
        await say(alice, convs[0], "to the top")
        listed, next_ = [], ""
        while next_ is not None:
            page = await alice.told("GET", "/conversations?limit=1" + (f"&next={next_}" if next_ else ""))
            listed += [item["id"] for item in page["conversations"]]
            next_ = page["next"]
        assert listed == [convs[0], convs[2], convs[1]]
        whole = await alice.told("GET", "/conversations")
        assert ([item["id"] for item in whole["conversations"]], whole["next"]) == (listed, None)
        assert whole["conversations"][0] == await alice.told("GET", f"/conversations/{convs[0]}")
        answer = await alice.ask("POST", "/conversations/direct", {"username": cast.bob.username.upper()})
        assert (answer.status_code, answer.json()["id"]) == (200, convs[0])
        assert await alice.refused("POST", "/conversations/direct", {"username": "nobody-at-all"}) == NOT_FOUND
        found = await alice.told("GET", f"/people?username={cast.bob.username.upper()}")
        assert (found["id"], found["username"]) == (cast.bob.user, cast.bob.username)
        assert await alice.refused("GET", "/people?username=nobody-at-all") == NOT_FOUND
        for query in ("limit=0", "limit=101", "next=nonsense"):
            assert await alice.refused("GET", f"/conversations?{query}") == INVALID


async def test_typing_is_told_to_the_others(house: House, cast: Cast) -> None:
    """Here and at the other process; not by who hides when they are online, and not more often than it may be."""
    async with (
        apps(house, cast.alice.username) as (alice,),
        connect(house.addresses[0], cast.bob) as here,
        connect(house.addresses[1], cast.bob) as there,
    ):
        conv = await alice.open(cast.bob.username)
        for wire in (here, there):
            await wire.hear("conversations", lambda frame: any(item["id"] == conv for item in frame["items"]))
        for wire in (here, there):
            async with asyncio.timeout(20):
                # It may be lost, and processes hear of each other only after a while.
                while not wire.of("typing"):
                    await alice.told("POST", f"/conversations/{conv}/typing", status=204)
                    await wire.still_works()
                    await asyncio.sleep(0.3)
            assert (await wire.hear("typing"))["user"] == alice.user
        assert await alice.refused("POST", f"/conversations/{NOBODYS}/typing") == NOT_FOUND


async def test_profile_and_password(house: House, cast: Cast) -> None:
    async with apps(house, cast.carol.username, cast.carol.username) as (carol, tablet):
        told = await carol.told("PATCH", "/me", {"name": " Caro ", "read_receipts": False})
        assert told == {
            "id": carol.user,
            "username": carol.username,
            "name": "Caro",
            "email": "",
            "read_receipts": False,
            "shows_presence": True,
            "writers": "everyone",
        }
        assert await tablet.told("GET", "/me") == told
        for wrong in ({"name": "two\nlines"}, {"name": "x" * 101}, {"shows_presence": 1}, {"writers": "me"}):
            assert await carol.refused("PATCH", "/me", wrong) == INVALID
        answer = await carol.ask("POST", "/me/password", {"old": "wrong", "new": "something else entirely"})
        assert (code_of(answer), set(answer.json()["errors"])) == ((422, "INVALID_PASSWORD"), {"old"})
        async with connect(house.addresses[1], bearer=tablet.token) as wire:
            await carol.told("POST", "/me/password", {"old": PASSWORD, "new": "something else entirely"}, 204)
            assert await wire.closed() == 4401
        assert await tablet.refused("GET", "/me") == (401, "AUTHENTICATION_FAILED")
        assert (await carol.told("GET", "/me"))["name"] == "Caro"
        await tablet.sign_in(carol.username, password="something else entirely", device_id=tablet.device)
        assert (await tablet.told("GET", "/me"))["name"] == "Caro"


async def test_without_a_key_there_is_no_push(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username) as (alice,):
        keys = {"p256dh": "x", "auth": "y"}
        assert await alice.refused("GET", "/push/key") == (404, "PUSH_OFF")
        body = {"endpoint": "https://push.example/x", "keys": keys}
        assert await alice.refused("PUT", "/devices/self/push", body) == (404, "PUSH_OFF")
        assert await alice.refused("DELETE", "/devices/self/push") == (404, "PUSH_OFF")


async def test_without_the_database_everything_is_later_and_nothing_is_lost(house: House, cast: Cast) -> None:
    """Answered within two seconds or so, also a send that is on its way; afterwards the same send goes through."""
    async with apps(house, cast.alice.username) as (alice,):
        conv = await alice.open(cast.bob.username)
        assert (await alice.send(conv, "before", "x")).status_code == 201
        await asyncio.to_thread(house.pause, "postgres")
        try:
            answers = [await alice.send(conv, "during", "x"), await alice.ask("GET", f"/conversations/{conv}")]
        finally:
            await asyncio.to_thread(house.resume, "postgres")
        for answer in answers:
            assert code_of(answer) == (503, "UNAVAILABLE")
            assert (int(answer.headers["retry-after"]), answer.json()["retry_after_ms"] > 0) == (1, True)
        async with asyncio.timeout(30):
            while (answer := await alice.send(conv, "during", "x")).status_code == 503:
                await asyncio.sleep(0.2)
        assert (answer.status_code in (200, 201), answer.json()["seq"]) == (True, 2)


async def test_a_process_that_stops_takes_no_more_and_answers_what_it_took(house: House, cast: Cast) -> None:
    """Everything that was answered is in the log, once; the rest goes to the other process."""
    async with apps(house, cast.alice.username, cast.alice.username) as (alice, other):
        conv = await alice.open(cast.bob.username)
        sending = True
        done: dict[str, int] = {}

        async def send(n: int) -> None:
            for m in itertools.count():
                if not sending:
                    return
                client_id = f"drain_{n}_{m}"
                for who in (alice, other, other, other):
                    with contextlib.suppress(httpx.TransportError):
                        answer = await who.send(conv, client_id)
                        if answer.status_code in (200, 201):
                            done[client_id] = answer.json()["seq"]
                            break
                else:
                    return

        async with asyncio.TaskGroup() as group:
            for n in range(4):
                group.create_task(send(n))
            while len(done) < 20:
                await asyncio.sleep(0.01)
            try:
                await asyncio.to_thread(house.end, "web-1")
            finally:
                await asyncio.to_thread(house.restart, "web-1")
            sending = False
        assert len(set(done.values())) == len(done) > 20
        head = (await other.told("GET", f"/conversations/{conv}"))["head"]
        assert set(range(1, head + 1)) == set(done.values())
