"""What it costs to come back after an absence. Figures of the scenarios "away" and "crowd".

away    10,000 entries waiting in one conversation; 10,000 over 500 conversations; the same few new entries on top of
        little and of much history
crowd   2,000 devices at once, 20 entries each
"""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg

from bench import measure, pairs
from bench.catchup import Returned, come_back
from chat.management.bulk import Line, write
from tests.acceptance.people import SignedIn
from tests.acceptance.servers import House

PATIENCE_S = 120.0
ROUNDS = 5
BODY = "See you at the station at half past seven, I bring the book"
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'messenger' AND backend_type = 'client backend'"


def port_of(house: House) -> int:
    port = urlsplit(house.addresses[0]).port
    assert port is not None
    return port


def talk(house: House, reader: SignedIn, conversations: int, entries: int, first: int = 1) -> list[Line]:
    """`entries` in each of as many conversations, from people of whom nobody is there."""
    writers = house.enrol(*pairs.names(conversations))
    lines = pairs.between(house, [(writer, reader) for writer in writers])
    extend(house, lines, first, entries)
    return lines


def extend(house: House, lines: list[Line], first: int, last: int) -> None:
    """All of it is from the others: the reader writes none."""
    theirs = [(conv, one, device, one, device) for conv, one, device, _, _ in lines]
    with psycopg.connect(house.dsn) as connection:
        write(connection.cursor(), theirs, first, last, (BODY,), 0.01)
        # As autovacuum would have done by the time somebody has written so much.
        connection.execute("ANALYZE chat_message, chat_conversation, chat_membership, receipts_watermark, chat_inbox")


def hold(house: House, reader: SignedIn, lines: list[Line], upto: int) -> None:
    """The reader's device has everything up to there."""
    convs = [line[0] for line in lines]
    with psycopg.connect(house.dsn) as connection:
        connection.execute(
            "INSERT INTO chat_inbox (conversation_id, device_id, received_seq, attempts)"
            " SELECT c, %s::uuid, %s, 0 FROM unnest(%s::uuid[]) AS c"
            " ON CONFLICT (conversation_id, device_id) DO UPDATE SET received_seq = excluded.received_seq",
            [reader.device, upto, convs],
        )
        connection.execute(
            "UPDATE receipts_watermark SET delivered_seq = %s, seen_seq = %s"
            " WHERE conversation_id = ANY(%s::uuid[]) AND user_id = %s::uuid",
            [upto, upto, convs, reader.user],
        )


def one_conversation(house: House, entries: int) -> tuple[Returned, float]:
    """What the reader met, and MiB by which the server had grown at most meanwhile."""
    [warm, reader] = house.enrol(*pairs.names(2))
    # What a process loads once is not this device's.
    talk(house, warm, 1, min(entries, 1_000))
    come_back(port_of(house), [warm.cookie_header], PATIENCE_S)
    talk(house, reader, 1, entries)
    with growth(house) as grown:
        [[result], _] = come_back(port_of(house), [reader.cookie_header], PATIENCE_S)
    return result, max(grown) / 1024


def many_conversations(house: House, conversations: int, entries: int) -> Returned:
    [reader] = house.enrol(*pairs.names(1))
    talk(house, reader, conversations, entries)
    [[result], _] = come_back(port_of(house), [reader.cookie_header], PATIENCE_S)
    return result


def over_history(house: House, little: int, much: int, new: int) -> float:
    """How much longer it takes to be synced with `new` entries above much history than above little: the median of
    pairs taken in turns."""
    readers = house.enrol(*pairs.names(2))
    lines = [talk(house, reader, 1, size) for reader, size in zip(readers, (little, much), strict=True)]
    heads = [little, much]
    ratios = []
    for _ in range(ROUNDS):
        took = []
        for n, reader in enumerate(readers):
            hold(house, reader, lines[n], heads[n])
            extend(house, lines[n], heads[n] + 1, heads[n] + new)
            heads[n] += new
            # What was just written is on its way to disk.
            time.sleep(0.5)
            [[result], _] = come_back(port_of(house), [reader.cookie_header], PATIENCE_S)
            took.append(result.synced)
        ratios.append(took[1] / took[0])
    return statistics.median(ratios)


def crowd(house: House, devices: int, entries: int) -> tuple[list[Returned], float, int]:
    """What they met, the seconds until all were synced, and the most database connections seen meanwhile."""
    people = house.enrol(*pairs.names(devices))
    lines = pairs.between(house, list(zip(people[::2], people[1::2], strict=True)))
    with psycopg.connect(house.dsn) as connection:
        write(connection.cursor(), lines, 1, entries, (BODY,), 0.01)
        connection.execute("ANALYZE")
    most: list[int] = [0]
    with watched(lambda: most.append(connections(house))):
        results, seconds = come_back(port_of(house), [each.cookie_header for each in people], PATIENCE_S)
    return results, seconds, max(most)


def connections(house: House) -> int:
    with psycopg.connect(house.postgres.uri()) as connection:
        row = connection.execute(CONNECTIONS).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def growth(house: House) -> Iterator[list[int]]:
    """KiB the web process has grown by, again and again."""
    web = house.parts["web-1"].pid
    before = measure.pss_kib(web)
    grown = [0]
    with watched(lambda: grown.append(measure.pss_kib(web) - before)):
        yield grown


@contextmanager
def watched(look: Callable[[], object]) -> Iterator[None]:
    over = threading.Event()

    def run() -> None:
        while not over.wait(0.05):
            look()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
