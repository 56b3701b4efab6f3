"""Who may do what over REST where they have no part in what is named, or had, or will: every route of the document.

As test_matrix.py has it of frames: what each is refused is not written down, it has to be what is answered for ids that
do not exist. Who is blocked where they are a member: test_blocked.py.
"""

import io
import zipfile
from collections.abc import AsyncIterator, Callable

import httpx
import psycopg
import pytest

from tests.acceptance.app import app_of
from tests.acceptance.asking import SIGNS_OUT, again, asked
from tests.acceptance.conftest import Cast, one_server
from tests.acceptance.servers import House
from tests.acceptance.test_doors import OPERATIONS, refusal
from tests.acceptance.world import EARLY, MEANWHILE, SECRET, World, a_world

pytestmark = pytest.mark.acceptance

# About a person, whom anybody may block or begin a group with who knows their id; or about nothing that is there.
ABOUT_NO_THING = {"block", "unblock", "createGroup", "createUpload"}
# Who was in a group has left it already: no fault, and no news.
KNOWN_TO_HAVE_BEEN = {"leaveGroup"}
# Stands before what the others are about, or ends it.
LAST = {"sendMessage", "leaveGroup"}

HIDDEN_ROW = "SELECT m::text FROM chat_message m WHERE m.conversation_id = %s AND m.seq = %s"


@pytest.fixture(scope="session", params=one_server("house"))
def house(request: pytest.FixtureRequest, houses: Callable[..., House]) -> House:
    return houses(request.param)


@pytest.fixture
async def world(house: House, cast: Cast) -> AsyncIterator[World]:
    async with a_world(house, cast) as found:
        yield found


def texts(answer: httpx.Response) -> str:
    """Whatever it says, also in an archive."""
    if not answer.content.startswith(b"PK"):
        return answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())


@pytest.mark.parametrize("name", ["outsider", "blocked", "ex-member"])
async def test_what_is_not_theirs_is_not_there(world: World, name: str) -> None:
    """The same answer as for what does not exist, and nothing is done."""
    cast = world.cast
    who = {"outsider": cast.mallory, "blocked": world.grace, "ex-member": cast.carol}[name]
    leaves_out = ABOUT_NO_THING | (KNOWN_TO_HAVE_BEEN if name == "ex-member" else set())
    theirs, before = world.named_to(who), world.state()
    async with app_of(world.house, who) as app:
        for operation in OPERATIONS:
            if operation[0] in leaves_out:
                continue
            nothing = world.nothing
            real = await asked(app, operation, theirs)
            if operation[0] in SIGNS_OUT:
                await again(world.house, who, app)
                continue
            absent = await asked(app, operation, nothing)
            assert real.status_code == absent.status_code, operation
            assert theirs.blanked(real.text) == nothing.blanked(absent.text), operation
            if "{conv}" in operation[2]:
                assert refusal(real, operation[1]) == (404, "" if operation[1] == "HEAD" else "NOT_FOUND"), operation
            assert SECRET not in texts(real), operation
    assert world.state() == before


@pytest.mark.parametrize(("name", "words"), [("rejoined", MEANWHILE), ("future", EARLY)])
async def test_of_what_was_written_while_they_were_away_nothing_is_there(world: World, name: str, words: str) -> None:
    who, theirs, beyond = world.hidden_from(name)
    with psycopg.connect(world.house.dsn) as connection:
        [before] = connection.execute(HIDDEN_ROW, [theirs.conv, theirs.seq]).fetchall()
    async with app_of(world.house, who) as app:
        seen = set()
        for operation in sorted(OPERATIONS, key=lambda each: each[0] in LAST):
            # Both ways to name an entry elsewhere than in the path, and the words it is found by.
            more = {
                "search": [{"q": SECRET}],
                "readHistory": [{}, {"from": theirs.seq}, {"before": theirs.seq + 1}],
                "report": [{"seq": theirs.seq}, {}],
                "sendMessage": [{"reply_to": theirs.seq, "client_id": "answer"}, {}],
            }.get(operation[0], [{}])
            for each in more:
                real = await asked(app, operation, theirs, **each)
                assert words not in texts(real), (operation, each)
                seen |= {operation[0]} if SECRET in texts(real) else set()
                if "seq" in each or "reply_to" in each:
                    other = {key: beyond.seq if value == theirs.seq else value for key, value in each.items()}
                    absent = await asked(app, operation, beyond, **other)
                    assert real.status_code >= 400 and real.text == absent.text, (operation, each)
            if {"{seq}", "{attachment}", "{upload}"} & set(operation[2].split("/")):
                absent = await asked(app, operation, beyond)
                assert real.status_code >= 400, operation
                assert (real.status_code, real.text) == (absent.status_code, absent.text), operation
            if operation[0] in SIGNS_OUT:
                await again(world.house, who, app)
        # What is theirs is there: else nothing would be shown by all this.
        assert seen >= {"search", "readHistory", "sync", "listConversations", "getConversation"}
    with psycopg.connect(world.house.dsn) as connection:
        assert connection.execute(HIDDEN_ROW, [theirs.conv, theirs.seq]).fetchall() == [before]
