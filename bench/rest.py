"""The API under load. Figures of the scenario "rest".

Eight apps with one connection each, every one in a conversation of its own: as fast as they are answered; then a
hundred requests a second by the clock; and one device that syncs what waits for it, page by page.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from time import monotonic

from bench import absence, pairs
from bench.http import Connection
from bench.tally import percentile
from tests.acceptance.people import as_apps
from tests.acceptance.servers import House

HOST = "127.0.0.1"
CONNECTIONS = 8
WARM_UP_S = 1.0
PAGE = 100
BODY = "See you at the station at half past seven, I bring the book"

_numbers = count()


@dataclass(slots=True)
class Sent:
    """`times`: of each send, in seconds. `statuses`: of answers that were not 201."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def per_s(self) -> float:
        return len(self.times) / self.seconds

    def rank_ms(self, share: float) -> float | None:
        found = percentile(sorted(self.times), share)
        return None if found is None else 1000 * found


class Senders:
    """As many apps as there are connections."""

    def __init__(self, house: House) -> None:
        people = house.enrol(*pairs.names(2 * CONNECTIONS))
        lines = pairs.between(house, list(zip(people[::2], people[1::2], strict=True)))
        self._port = absence.port_of(house)
        self._tokens = as_apps(house.dsn, people[::2])
        self._paths = [f"/api/v1/conversations/{line[0]}/messages" for line in lines]

    def run(self, seconds: float, rate: float = 0.0) -> Sent:
        """`rate`: requests a second, of all together; 0: each as soon as the one before is answered."""
        return asyncio.run(self._run(seconds, rate))

    async def _run(self, seconds: float, rate: float) -> Sent:
        connections = [await Connection(HOST, self._port, token).open() for token in self._tokens]
        sent = Sent(seconds)
        begin = monotonic() + WARM_UP_S
        lines = zip(connections, self._paths, range(CONNECTIONS), strict=True)
        await asyncio.gather(*(self._send(sent, *line, begin, rate) for line in lines))
        for connection in connections:
            connection.close()
        return sent

    async def _send(self, sent: Sent, connection: Connection, path: str, n: int, begin: float, rate: float) -> None:
        pause = CONNECTIONS / rate if rate else 0.0
        due = begin - WARM_UP_S + n * pause / CONNECTIONS
        while (now := monotonic()) < begin + sent.seconds:
            if due > now and rate:
                await asyncio.sleep(due - now)
            started = due if rate else now
            body = b'{"client_id":"bench_%d_0","body":"%b"}' % (next(_numbers), BODY.encode())
            status, _ = await connection.post_raw(path, body)
            ended = monotonic()
            if status != 201:
                sent.statuses[status] += 1
            elif begin <= ended < begin + sent.seconds:
                sent.times.append(ended - started)
            due += pause


def sync(house: House, entries: int) -> tuple[float, int]:
    """Seconds, and entries that came, of a device that has nothing and acknowledges each page."""
    [reader] = house.enrol(*pairs.names(1))
    absence.talk(house, reader, 1, entries)
    [token] = as_apps(house.dsn, [reader])
    return asyncio.run(_sync(absence.port_of(house), token))


async def _sync(port: int, token: str) -> tuple[float, int]:
    connection = await Connection(HOST, port, token).open()
    began, entries, point = monotonic(), 0, None
    while True:
        status, page = await connection.post("/api/v1/sync", {"next": point, "limit": PAGE})
        assert status == 200 and isinstance(page, dict), page
        acks = [
            {"type": "DELIVERED", "conv": run["conv"], "seq": run["entries"][-1]["seq"], "cumulative": True}
            for run in page["messages"]
        ]
        entries += sum(len(run["entries"]) for run in page["messages"])
        point = page["next"]
        if acks:
            status, _ = await connection.post("/api/v1/acks", {"acks": acks})
            assert status == 200
        if not page["has_more"]:
            connection.close()
            return monotonic() - began, entries
