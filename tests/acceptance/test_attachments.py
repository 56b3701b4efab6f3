"""Attachments end to end, on both servers: uploaded, sent, read, fetched; and by nobody else."""

import asyncio
import io
import os
import struct
from typing import Any

import httpx
import pytest
from PIL import Image
from psycopg import AsyncConnection

from chat.media.showing import GOOD_S
from tests import groups
from tests.acceptance.app import App, app_of, apps, code_of
from tests.acceptance.conftest import Cast
from tests.acceptance.servers import House
from tests.acceptance.uploading import address, announce, begin, checksum, fetch, offset, patch, picture, upload
from tests.acceptance.wire import connect
from tests.chat.media.pictures import picture as phone_picture

pytestmark = pytest.mark.acceptance

NOT_FOUND = (404, "NOT_FOUND")
NOBODYS = "0199c1f0-6b00-7c0e-8f00-0000000c0e5a"


def is_whole_only(house: House) -> bool:
    """daphne hands on a request's body when it has all of it."""
    return "daphne" in " ".join(house.programs["web-1"]._command)


async def test_a_picture_is_sent_and_fetched(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username, cast.bob.username) as (alice, bob):
        conv = await alice.open(cast.bob.username)
        content = picture()
        sent = await upload(alice, content, "tree.jpg")
        assert sent == sent | {"name": "tree.jpg", "type": "image/png", "width": 64, "height": 48, "thumbnail": True}
        assert (await alice.send(conv, "with", "", attachments=[sent["id"]])).status_code == 201
        [entry] = (await bob.told("GET", f"/conversations/{conv}/messages"))["entries"]
        assert (entry["body"], entry["attachments"]) == ("", [sent])
        answer = await fetch(bob, sent["id"])
        assert (answer.status_code, len(answer.content)) == (200, sent["size"])
        assert Image.open(io.BytesIO(answer.content)).tobytes() == Image.open(io.BytesIO(content)).tobytes()
        for name, value in {
            "content-type": "image/png",
            "content-disposition": "attachment; filename*=UTF-8''tree.jpg",
            "x-content-type-options": "nosniff",
            "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        }.items():
            assert answer.headers[name] == value


async def test_what_arrived_before_the_connection_was_cut_stays(house: House, cast: Cast) -> None:
    """Cut at 60 %, as far as the server gets to see it: daphne hands on what it has in full only."""
    content = os.urandom(5_000_000)
    async with apps(house, cast.alice.username) as (alice,):
        found = await begin(alice, len(content))
        whole = 2_000_000
        assert (await patch(alice, found, 0, content[:whole])).status_code == 204

        async def cut() -> Any:
            yield content[whole:2_500_000]
            yield content[2_500_000:3_000_000]
            await asyncio.sleep(0.2)
            raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            await patch(alice, found, whole, cut(), **{"Content-Length": str(len(content) - whole)})
        async with asyncio.timeout(20):
            answer = await patch(alice, found, 1, b"")
            while answer.status_code == 423:
                answer = await patch(alice, found, 1, b"")
        assert code_of(answer) == (409, "WRONG_OFFSET")
        at = await offset(alice, found)
        assert at == (whole if is_whole_only(house) else 3_000_000)
        assert (await patch(alice, found, at, content[at:])).status_code == 204
        assert (await fetch(alice, found)).content == content


async def test_an_upload_survives_the_death_of_its_server(house: House, cast: Cast) -> None:
    content = os.urandom(30_000_000)
    async with apps(house, cast.alice.username) as (alice,):
        found = await begin(alice, len(content))

        async def slowly() -> Any:
            for start in range(0, len(content), 1_000_000):
                yield content[start : start + 1_000_000]
                if start == 20_000_000:
                    await asyncio.to_thread(house.kill, "web-1")

        with pytest.raises(httpx.HTTPError):
            await patch(alice, found, 0, slowly(), **{"Content-Length": str(len(content))})
        await asyncio.to_thread(house.restart, "web-1")
        at = await offset(alice, found)
        assert at <= 21_000_000 and (at >= 8_000_000 or is_whole_only(house))
        assert (await patch(alice, found, at, content[at:])).status_code == 204
        assert (await fetch(alice, found)).content == content


async def test_steps_that_are_wrong(house: House, cast: Cast) -> None:
    content = os.urandom(100_000)
    async with apps(house, cast.alice.username) as (alice,):
        assert code_of(await announce(alice, 10**12)) == (413, "UPLOAD_TOO_LARGE")
        assert code_of(await announce(alice, 0)) == (422, "INVALID_REQUEST")
        first = await announce(alice, len(content), "a.bin", "same")
        again = await announce(alice, len(content), "a.bin", "same")
        assert (first.status_code, again.status_code) == (201, 200)
        assert again.headers["location"] == first.headers["location"]
        for length, name in ((len(content) + 1, "a.bin"), (len(content), "b.bin")):
            assert code_of(await announce(alice, length, name, "same")) == (409, "IDEMPOTENCY_CONFLICT")
        found = first.headers["location"].rpartition("/")[2]
        # A checksum that is wrong keeps nothing of its request.
        half = content[:50_000]
        answer = await patch(alice, found, 0, half, **{"Upload-Checksum": checksum(content)})
        assert (code_of(answer), await offset(alice, found)) == ((460, "CHECKSUM_MISMATCH"), 0)
        assert (await patch(alice, found, 0, half, **{"Upload-Checksum": checksum(half)})).status_code == 204
        assert code_of(await patch(alice, found, 0, half)) == (409, "WRONG_OFFSET")
        assert code_of(await patch(alice, found, 50_000, content)) == (413, "UPLOAD_TOO_LARGE")
        assert await offset(alice, found) == 50_000
        wrong = {"Content-Type": "application/json"}
        assert code_of(await patch(alice, found, 50_000, content, **wrong)) == (415, "INVALID_REQUEST")
        assert code_of(await patch(alice, found, 50_000, b"", **{"Tus-Resumable": "0.2"})) == (422, "INVALID_REQUEST")
        # The last request may come twice: the answer to it was lost.
        for at, rest in ((50_000, content[50_000:]), (100_000, b"")):
            answer = await patch(alice, found, at, rest)
            assert (answer.status_code, answer.headers["upload-offset"]) == (204, "100000")
        assert (await fetch(alice, found)).content == content
        assert (await announce(alice, len(content), "a.bin", "same")).headers["upload-offset"] == "100000"


async def test_nobody_else_gets_near_it(house: House, cast: Cast) -> None:
    """mallory at every door, with an id that she has heard of; and alice's address, used up or changed."""
    async with (
        apps(house, cast.alice.username, cast.bob.username) as (alice, bob),
        app_of(house, cast.mallory) as mallory,
    ):
        conv = await alice.open(cast.bob.username)
        own = await mallory.open(cast.mallory.username)
        unfinished = await begin(alice, 10)
        unsent = await upload(alice, b"1234567890")
        for each in (unfinished, unsent["id"], NOBODYS):
            await _refused_everywhere(mallory, own, each)
        assert code_of(await alice.send(conv, "early", attachments=[unfinished])) == (422, "INVALID_ATTACHMENT")
        assert (await alice.send(conv, "sent", attachments=[unsent["id"]])).status_code == 201
        await _refused_everywhere(mallory, own, unsent["id"])
        # Once for all: not in a second message, nor twice in one; and the first one's repeat is answered as it was.
        assert code_of(await alice.send(conv, "second", attachments=[unsent["id"]])) == (422, "INVALID_ATTACHMENT")
        assert (await alice.send(conv, "sent", attachments=[unsent["id"]])).status_code == 200
        assert code_of(await alice.send(conv, "sent", attachments=[])) == (409, "IDEMPOTENCY_CONFLICT")
        twice = (await upload(alice, b"twice"))["id"]
        assert code_of(await alice.send(conv, "twice", attachments=[twice, twice])) == (422, "INVALID_ATTACHMENT")
        url = (await address(bob, unsent["id"]))["url"]
        assert (await mallory.http.get(url)).status_code == 200
        for forged in (url[:-1], url.replace(unsent["id"], twice), url.split("?")[0], f"{url.split('?')[0]}/thumbnail"):
            assert code_of(await mallory.http.get(forged)) == NOT_FOUND
        # An address is for a device: with it, it ends.
        await bob.ask("DELETE", "/devices/self")
        assert code_of(await mallory.http.get(url)) == NOT_FOUND


# The clock that keys are signed by, so many seconds ago.
SIGN = """
import time
from django.core import signing
from chat.log.access import Actor
from chat.media import showing
now = time.time
signing.time.time = lambda: now() - {ago}
print(showing.address("{file}", "file", Actor("{user}", "{device}")))
"""


async def test_an_address_is_good_for_ten_minutes(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username) as (alice,):
        file = (await upload(alice, b"for a while"))["id"]
        who = {"file": file, "user": alice.actor.user, "device": alice.actor.device}
        for ago, status in ((GOOD_S - 60, 200), (GOOD_S + 1, 404)):
            url = house.manage("shell", "-v", "0", "-c", SIGN.format(ago=ago, **who)).split()[-1]
            assert (await alice.http.get(url)).status_code == status


async def _refused_everywhere(mallory: App, own: str, each: str) -> None:
    for method in ("HEAD", "GET", "DELETE"):
        answer = await mallory.ask(method, f"/uploads/{each}", headers={"Tus-Resumable": "1.0.0"})
        assert answer.status_code == 404
    assert code_of(await patch(mallory, each, 0, b"x")) == NOT_FOUND
    assert await mallory.refused("GET", f"/attachments/{each}") == NOT_FOUND
    assert code_of(await mallory.send(own, f"steal-{each}", attachments=[each])) == (422, "INVALID_ATTACHMENT")


async def test_two_messages_one_attachment(house: House, cast: Cast) -> None:
    """In two conversations, by two processes, at once: one of them gets it."""
    async with apps(house, cast.alice.username, cast.alice.username) as (phone, tablet):
        convs = [await phone.open(name) for name in (cast.bob.username, cast.carol.username)]
        for n in range(10):
            file = (await upload(phone, b"%d" % n))["id"]
            answers = await asyncio.gather(
                phone.send(convs[0], f"a{n}", attachments=[file]), tablet.send(convs[1], f"b{n}", attachments=[file])
            )
            assert sorted(answer.status_code for answer in answers) == [201, 422]


async def test_a_message_that_is_deleted_takes_its_files_with_it(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username, cast.bob.username) as (alice, bob):
        conv = await alice.open(cast.bob.username)
        file = (await upload(alice, b"secret"))["id"]
        await alice.send(conv, "with", attachments=[file])
        url = (await address(bob, file))["url"]
        await alice.told("DELETE", f"/conversations/{conv}/messages/1", params={"for": "all"})
        assert code_of(await bob.http.get(url)) == NOT_FOUND
        [entry] = (await alice.told("GET", f"/conversations/{conv}/messages"))["entries"]
        assert "attachments" not in entry
        stored = house.folder / "media" / "files" / file[-2:] / file
        assert stored.exists()
        house.manage("shell", "-c", "from chat.media.sweep import tidy; tidy()")
        assert not stored.exists()


async def test_live_and_by_parts(house: House, cast: Cast) -> None:
    """Pushed with the message; fetched in ranges; the thumbnail is made meanwhile."""
    async with apps(house, cast.alice.username, cast.bob.username) as (alice, bob):
        conv = await alice.open(cast.bob.username)
        async with connect(house.addresses[0], cast.bob) as socket:
            content = picture((2_000, 1_000), "JPEG")
            sent = await upload(alice, content, "wide.jpg")
            await alice.send(conv, "live", "look", attachments=[sent["id"]])
            pushed = await socket.hear("messages")
            assert pushed["entries"][0]["attachments"] == [sent]
        whole = (await fetch(bob, sent["id"])).content
        size = len(whole)
        for asked, wanted in (("0-99", whole[:100]), ("100-", whole[100:]), ("-7", whole[-7:])):
            part = await fetch(bob, sent["id"], Range=f"bytes={asked}")
            assert (part.status_code, part.content) == (206, wanted)
        assert code_of(await fetch(bob, sent["id"], Range=f"bytes={size}-"))[0] == 416
        assert (await fetch(bob, sent["id"], Range="bytes=9-3,4-5")).status_code == 200
        assert (await fetch(bob, sent["id"], Range="bytes=5-2")).status_code == 200
        urls = await address(bob, sent["id"])
        head = await bob.http.head(urls["url"])
        assert (head.headers["content-length"], head.content) == (str(size), b"")
        async with asyncio.timeout(60):
            while (answer := await bob.http.get(urls["thumbnail_url"])).status_code == 404:
                assert code_of(answer) == (404, "NOT_READY")
                assert answer.headers["retry-after"] == "1"
                await asyncio.sleep(0.1)
        small = Image.open(io.BytesIO(answer.content))
        assert (small.format, small.size) == ("WEBP", (480, 240))


async def test_files_that_are_not_what_they_seem(house: House, cast: Cast) -> None:
    """Refused with one clear code, and gone."""
    archive = b"PK\x05\x06" + b"\0" * 18
    bad = {
        "polyglot.png": picture() + archive,
        "broken.jpg": picture(kind="JPEG")[:-50],
        "bomb.png": picture()[:16] + struct.pack(">II", 90_000, 90_000) + picture()[24:],
        "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    }
    async with apps(house, cast.alice.username) as (alice,):
        for name, content in bad.items():
            found = await begin(alice, len(content), name)
            assert code_of(await patch(alice, found, 0, content)) == (422, "REFUSED_FILE"), name
            assert await alice.refused("GET", f"/uploads/{found}") == NOT_FOUND
        page = await upload(alice, b"<html><script>alert(1)</script></html>", "../../innocent.jpg")
        assert (page["type"], page["name"]) == ("application/octet-stream", "innocent.jpg")
        assert (await fetch(alice, page["id"])).headers["content-type"] == "application/octet-stream"
        assert await alice.refused("GET", f"/attachments/{found}") == NOT_FOUND


async def test_places_are_removed(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username) as (alice,):
        content = phone_picture("JPEG", turned=6)
        assert b"Camera of Alice" in content
        sent = await upload(alice, content)
        assert b"Camera of Alice" not in (await fetch(alice, sent["id"])).content
        assert (sent["width"], sent["height"]) == (30, 40)


async def test_who_was_removed_has_an_address_that_is_worth_nothing(house: House, cast: Cast) -> None:
    users = [cast.alice.user, cast.bob.user, cast.carol.user]
    async with await AsyncConnection.connect(house.dsn) as connection:
        group = await groups.create(connection, cast.alice.actor, "Picnic", users)
    async with apps(house, cast.alice.username, cast.bob.username) as (alice, bob):
        file = (await upload(alice, b"the place"))["id"]
        assert (await alice.send(group, "where", attachments=[file])).status_code == 201
        url = (await address(bob, file))["url"]
        assert (await bob.http.get(url)).content == b"the place"
        async with await AsyncConnection.connect(house.dsn) as connection:
            await groups.remove(connection, cast.alice.actor, group, cast.bob.user)
        assert code_of(await bob.http.get(url)) == NOT_FOUND
        assert await bob.refused("GET", f"/attachments/{file}") == NOT_FOUND
        # Whoever came back may not see what was said while they were away.
        unseen = (await upload(alice, b"another place"))["id"]
        await alice.send(group, "elsewhere", attachments=[unseen])
        async with await AsyncConnection.connect(house.dsn) as connection:
            await groups.add(connection, cast.alice.actor, group, cast.bob.user)
        assert await bob.refused("GET", f"/attachments/{unseen}") == NOT_FOUND
        assert (await fetch(bob, file)).content == b"the place"


async def test_sync_brings_placeholders_when_it_is_asked_to(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username, cast.bob.username) as (alice, bob):
        conv = await alice.open(cast.bob.username)
        sent = await upload(alice, picture())
        await alice.send(conv, "with", attachments=[sent["id"]])
        bare = {name: sent[name] for name in ("id", "name", "type", "size")} | {"withheld": True}
        for media, told in ((True, [sent]), (False, [bare])):
            answer = await bob.told("POST", "/sync", {"media": media})
            assert answer["messages"][0]["entries"][0]["attachments"] == told
            assert answer["conversations"][0]["last"]["attachments"] == told
        [listed] = (await bob.told("GET", "/conversations"))["conversations"]
        assert listed["last"]["attachments"] == [sent]


async def test_below_its_media_horizon_a_device_gets_placeholders(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username) as (alice,):
        conv = await alice.open(cast.bob.username)
        files = [await upload(alice, b"%d" % n) for n in range(3)]
        for n, file in enumerate(files):
            await alice.send(conv, f"with{n}", attachments=[file["id"]])
        async with await AsyncConnection.connect(house.dsn) as connection:
            query = """INSERT INTO chat_inbox (conversation_id, device_id, received_seq, attempts, media_horizon_seq)
                       VALUES (%s::uuid, %s::uuid, 0, 0, 2)
                       ON CONFLICT (conversation_id, device_id) DO UPDATE SET media_horizon_seq = 2"""
            await connection.execute(query, [conv, cast.bob.device])
        async with connect(house.addresses[0], cast.bob) as socket:
            entries: list[Any] = []
            while len(entries) < 3:
                entries += (await socket.hear("messages"))["entries"]
        assert [entry["seq"] for entry in entries] == [1, 2, 3]
        assert [entry["attachments"][0].get("withheld", False) for entry in entries] == [True, True, False]


async def test_what_is_sent_anew_takes_its_files_along(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username, cast.bob.username) as (alice, bob):
        conv = await alice.open(cast.bob.username)
        sent = await upload(alice, b"still wanted")
        await alice.send(conv, "lost", attachments=[sent["id"]])
        async with await AsyncConnection.connect(house.dsn) as connection:
            query = """WITH expired AS (
                           UPDATE receipts_watermark SET expired_seq = 1
                           WHERE conversation_id = %(conv)s::uuid AND user_id = %(user)s::uuid)
                       INSERT INTO receipts_lapse (conversation_id, user_id, from_seq, upto_seq, at)
                       VALUES (%(conv)s::uuid, %(user)s::uuid, 1, 1, now())"""
            await connection.execute(query, {"conv": conv, "user": cast.bob.user})
        for status in (201, 200):
            again = await alice.ask("POST", f"/conversations/{conv}/messages/1/resend", {"client_id": "anew"})
            assert (again.status_code, again.json()["seq"]) == (status, 2)
        entries = (await bob.told("GET", f"/conversations/{conv}/messages"))["entries"]
        assert [entry.get("attachments") for entry in entries if entry["seq"] == 2] == [[sent]]
        assert (await fetch(bob, sent["id"])).content == b"still wanted"


async def test_unsent_files_have_their_limit(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username) as (alice,):
        found = [await begin(alice, 100_000_000) for _ in range(5)]
        assert code_of(await announce(alice, 1)) == (413, "QUOTA_EXCEEDED")
        gone = await alice.ask("DELETE", f"/uploads/{found[0]}", headers={"Tus-Resumable": "1.0.0"})
        assert gone.status_code == 204
        assert (await announce(alice, 1)).status_code == 201
        assert await alice.refused("GET", f"/uploads/{found[0]}") == NOT_FOUND


async def test_thumbnails_come_after_the_death_of_their_worker(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username) as (alice,):
        await asyncio.to_thread(house.kill, "celery")
        sent = await upload(alice, picture())
        url = (await address(alice, sent["id"]))["thumbnail_url"]
        assert code_of(await alice.http.get(url)) == (404, "NOT_READY")
        await asyncio.to_thread(house.restart, "celery")
        async with asyncio.timeout(90):
            while (await alice.http.get(url)).status_code != 200:
                await asyncio.sleep(0.2)
