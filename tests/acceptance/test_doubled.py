"""Two beats and two receipts workers at once: nothing is doubled."""

import psycopg
import pytest

from messenger import commands
from tests.acceptance.conftest import enrol_cast
from tests.acceptance.phone import Phone
from tests.acceptance.servers import House
from tests.acceptance.verdict import verdict
from tests.faults.history import History

pytestmark = pytest.mark.acceptance

EACH = 150
RISES = """
SELECT count(*), count(DISTINCT (user_id, kind, upto_seq)) FROM receipts_receipt WHERE conversation_id = %s
"""


async def test_two_of_each_do_no_harm() -> None:
    house = House(web=1)
    (house.folder / "second").mkdir(mode=0o755)
    seconds = {"receipts-2": commands.worker("receipts"), "beat-2": commands.beat(house.folder / "second")}
    for name, command in seconds.items():
        house.programs[name] = house.parts[name] = house._program(name, command)
    with house:
        cast, history = enrol_cast(house), History()
        async with (
            Phone(house.address, cast.alice, history, sees=True) as alice,
            Phone(house.address, cast.bob, history, sees=True) as bob,
        ):
            conv = await alice.open(cast.bob.username)
            await bob.until(lambda: conv in bob.conversations)
            for n in range(EACH):
                for phone in (alice, bob):
                    phone.send(conv, f"{n}")
                if n % 10 == 0:
                    await alice.until(lambda n=n: alice.store.received(conv) > n)
            findings = await verdict(house, [alice, bob], conv, 2 * EACH)
            assert not findings, "\n".join(findings[:20])
        with psycopg.connect(house.dsn) as connection:
            rows, distinct = connection.execute(RISES, [conv]).fetchone() or (0, 0)
        assert rows == distinct > 0
        assert all(house.is_running(name) for name in seconds)
