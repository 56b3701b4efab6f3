"""The picture of a group over real processes: uploaded by an admin, fetched by whoever is in it."""

import psycopg
import pytest

from tests.acceptance.app import apps
from tests.acceptance.conftest import Cast
from tests.acceptance.servers import House
from tests.acceptance.uploading import address, fetch, picture, upload
from tests.acceptance.wire import connect
from tests.waiting import until

pytestmark = pytest.mark.acceptance


async def test_who_is_in_the_group_sees_its_picture(house: House, cast: Cast) -> None:
    """carol came after it and may not read the entry that says so; bob is removed and loses it at once, also with an
    address that was good; mallory never gets it."""
    async with (
        apps(house, *(who.username for who in (cast.alice, cast.bob, cast.carol, cast.mallory))) as found,
        connect(house.addresses[1], cast.bob) as wire,
    ):
        alice, bob, carol, mallory = found
        body = {"client_id": "made_1", "title": "Picnic", "users": [cast.bob.user]}
        group = (await alice.told("POST", "/groups", body, 201))["id"]
        shown = (await upload(alice, picture(), "us.png"))["id"]
        assert await mallory.refused("PATCH", f"/groups/{group}", {"picture": shown}) == (404, "NOT_FOUND")
        assert await bob.refused("PATCH", f"/groups/{group}", {"picture": shown}) == (403, "NOT_ALLOWED")
        await alice.told("PATCH", f"/groups/{group}", {"picture": shown})
        await wire.hear("members", lambda frame: frame["conv"] == group and frame["picture"] == shown)
        assert (await wire.entry(group, 2))["event"] == {"type": "changed", "picture": shown}

        await alice.told("POST", f"/conversations/{group}/members", {"users": [cast.carol.user]})
        assert (await carol.told("GET", f"/conversations/{group}"))["picture"] == shown
        for who in (bob, carol):
            assert (await fetch(who, shown)).status_code == 200
        assert await mallory.refused("GET", f"/attachments/{shown}") == (404, "NOT_FOUND")
        url = (await address(bob, shown))["url"]
        await alice.told("DELETE", f"/conversations/{group}/members/{cast.bob.user}")
        assert (await bob.http.get(url)).status_code == 404
        assert await bob.refused("GET", f"/attachments/{shown}") == (404, "NOT_FOUND")

        await alice.told("PATCH", f"/groups/{group}", {"picture": ""})
        assert await carol.refused("GET", f"/attachments/{shown}") == (404, "NOT_FOUND")
        with psycopg.connect(house.dsn, autocommit=True) as connection:
            query = "SELECT state = 'dropped' FROM chat_attachment WHERE id = %s"
            await until(lambda: connection.execute(query, [shown]).fetchone() in ((True,), None))


async def test_what_is_no_picture_is_refused(house: House, cast: Cast) -> None:
    async with apps(house, cast.alice.username) as (alice,):
        group = (await alice.told("POST", "/groups", {"client_id": "m_1", "title": "Picnic", "users": []}, 201))["id"]
        notes = (await upload(alice, b"no picture at all"))["id"]
        path = f"/groups/{group}"
        assert await alice.refused("PATCH", path, {"picture": notes}) == (422, "INVALID_ATTACHMENT")
        for wrong in ("nothing", 5, {}):
            assert await alice.refused("PATCH", path, {"picture": wrong}) == (422, "INVALID_REQUEST")
