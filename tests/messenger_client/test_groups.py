"""Groups through the client, against a whole messenger: many questions at once, and each gets its own answer."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from messenger_client import ConversationChanged, Refused
from messenger_client.model import Person
from tests.acceptance.conftest import Cast, one_server
from tests.acceptance.servers import House
from tests.acceptance.uploading import picture
from tests.messenger_client.people import program

pytestmark = pytest.mark.acceptance


@pytest.fixture(scope="session", params=one_server("house"))
def house(request: pytest.FixtureRequest, houses: Callable[..., House]) -> House:
    return houses(request.param)


async def test_questions_asked_at_once_get_their_own_answers(house: House, cast: Cast, tmp_path: Path) -> None:
    bob = Person(cast.bob.user, cast.bob.username, "Bob")
    async with program(house, cast.alice.username, tmp_path / "alice") as alice:
        groups = alice.client.groups
        made = [groups.create(title, [bob]) for title in ("Picnic", "Choir")]
        picnic, choir, direct = await asyncio.gather(*made, alice.client.open(cast.carol.username))
        titles = [(await alice.client.conversation(group)).title for group in (picnic, choir)]
        assert (titles, direct.kind) == (["Picnic", "Choir"], "direct")
        links = await asyncio.gather(groups.invite(picnic), groups.invite(picnic), groups.invite(choir))
        assert len({link.token for link in links}) == 3
        shown = await asyncio.gather(*(groups.preview(link.token) for link in links))
        assert shown == [("Picnic", 2), ("Picnic", 2), ("Choir", 2)]
        await asyncio.gather(groups.give_role(picnic, bob, "admin"), groups.change(choir, title="Quire"))
        roles = {person.username: role for person, role in await groups.members(picnic)}
        assert roles == {cast.alice.username: "owner", cast.bob.username: "admin"}


async def test_a_picture_is_shown_to_everyone_and_taken_away(house: House, cast: Cast, tmp_path: Path) -> None:
    face = tmp_path / "face.png"
    face.write_bytes(picture())
    async with (
        program(house, cast.alice.username, tmp_path / "alice") as alice,
        program(house, cast.bob.username, tmp_path / "bob") as bob,
    ):
        group = await alice.client.groups.create("Picnic", [Person(cast.bob.user, cast.bob.username, "Bob")])

        def pictures() -> list[str | None]:
            return [event.conversation.picture for event in bob.of(ConversationChanged)]

        await alice.client.groups.show(group, face)
        await bob.until(lambda: pictures() and pictures()[-1])
        await alice.client.groups.show(group, None)
        await bob.until(lambda: pictures()[-1] is None)


async def test_mallory_changes_nothing(house: House, cast: Cast, tmp_path: Path) -> None:
    async with (
        program(house, cast.alice.username, tmp_path / "alice") as alice,
        program(house, cast.mallory.username, tmp_path / "mallory") as mallory,
    ):
        group = await alice.client.groups.create("Picnic", [Person(cast.bob.user, cast.bob.username, "Bob")])
        for attempt in (mallory.client.groups.leave(group), mallory.client.groups.invite(group)):
            with pytest.raises(Refused) as refused:
                await attempt
            assert refused.value.code == "NOT_FOUND"
