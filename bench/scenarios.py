"""The scenarios. Each takes a house of its own server and gives figures; what is wanted of them stands here.

full    (a) 100 sockets in 50 pairs, 4 sends in flight each, a slot freed by ACCEPTED; between two floors
steady  (b) 200 messages/s in total over such pairs
counts  (a) again for a moment, with everything said to PostgreSQL counted
idle    (c) 2,000 sockets that say nothing
away    coming back to 10,000 waiting entries, in one conversation and in 500; above little and much history
crowd   2,000 devices coming back at once; a group of 1,000 who are all there
rest    the API: sends over 8 connections, as fast as they are answered and 100 a second; a sync of 10,000
upload  a file of 50 MB in one request, and in many; how much memory that takes
recur   (d) sweep, expiry and purge over a million inboxes and a million messages
search  (e) words of a million messages, common, rare and none, of a person in 500 conversations
encoding  Protocol Buffers against JSON: size and time of each frame, and (a) in both, in turns
page    the page in Chromium: stored list, opening and scrolling 50,000 stored messages, sending without a network
"""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bench import absence, company, encoding, floor, library, measure, page, pairs, rest, upload
from bench.clients import Clients, connected
from bench.load import Plan
from bench.report import Figure
from bench.tap import Tap
from chat.protocol.frames import PROTO_SUBPROTOCOL, SUBPROTOCOL
from tests.acceptance.servers import House
from tests.acceptance.template import CLONE

# Of each encoding, one after the other.
TURNS = 3
FLOOR_SHARE = {"uvicorn": 1.2, "daphne": 0.8}


@dataclass(frozen=True, slots=True)
class Sizes:
    """`seconds` of each load; sockets of the busy and of the idle scenario; messages/s of the steady one.
    `settle_s`: PostgreSQL's idle processes tell of what they did up to ten seconds later. `inboxes`: of the house
    in which nothing is due, and as many messages. `stored`: messages of the page's long conversation.
    `sends`: messages by the Python client. `searched`: messages among which is searched. `upload_bytes`: of the
    uploaded file.
    """

    seconds: float = 10.0
    sockets: int = 100
    idle_sockets: int = 2_000
    rate: float = 200.0
    waiting: int = 10_000
    conversations: int = 500
    history: int = 1_000_000
    crowd: int = 2_000
    company: int = 1_000
    company_messages: int = 10
    settle_s: float = 11.0
    inboxes: int = 1_000_000
    stored: int = 50_000
    repetitions: int = 15
    rounds: int = 400
    sends: int = 5_000
    upload_bytes: int = 50_000_000
    searched: int = 1_000_000


@dataclass(slots=True)
class Bench:
    """One server under test. `loads` keeps each load's own result by "scenario server"."""

    house: House
    server: str
    sizes: Sizes
    figures: list[Figure]
    loads: dict[str, Any]

    def run(self, scenario: str) -> None:
        scenarios = (self.full, self.steady, self.counts, self.encoding)
        scenarios += (
            self.idle,
            self.away,
            self.crowd,
            self.rest,
            self.upload,
            self.library,
            self.recur,
            self.search,
            self.page,
        )
        {work.__name__: work for work in scenarios}[scenario]()

    def full(self) -> None:
        seconds = self.sizes.seconds / 3
        before = floor.measure(self.house, seconds)
        floor.forget(self.house)
        result, cpu = self._load("full", "slots", self.sizes.seconds)
        after = floor.measure(self.house, seconds)
        floor.forget(self.house)
        both = before.mean(after)
        accepted = result["accepted"]["per_s"]
        self._tell("full", "floor: 1 row a transaction", both.single, "/s")
        self._tell("full", "floor: 1 row a transaction, prepared", both.prepared, "/s")
        self._tell("full", "floor: 100 rows a transaction", both.hundred, "/s")
        self._tell("full", "accepted", accepted, "/s")
        self._tell("full", "accepted : floor", accepted / both.single, "×", FLOOR_SHARE[self.server], "least")
        self._tell("full", "accepted : prepared floor", accepted / both.prepared, "×")
        self._tell("full", "pushed", result["pushed"]["per_s"], "/s")
        self._tell("full", "ticks back", result["ticked"]["per_s"], "/s")
        self._tell("full", "all ticks back after", result["drain_s"], "s", 2)
        self._tell("full", "missing after draining", sum(result["left"].values()), "", 0)
        frames = result["counts"]["pushed"] / result["counts"]["ack_frames"]
        self._tell("full", "receipts : acknowledgement frames", frames, "×", 10, "least")
        self._tell_latencies("full", result, {})
        self._tell_cpu("full", result, cpu)

    def steady(self) -> None:
        result, cpu = self._load("steady", "steady", self.sizes.seconds, self.sizes.rate)
        self._tell("steady", "accepted", result["accepted"]["per_s"], "/s")
        self._tell("steady", "missing after draining", sum(result["left"].values()), "", 0)
        wanted = {"accepted p50": 3, "accepted p99": 12, "pushed p99": 20, "ticked p50": 200, "ticked p99": 600}
        self._tell_latencies("steady", result, wanted)
        self._tell_cpu("steady", result, cpu)

    def counts(self) -> None:
        """Restarts two processes behind taps; a tap costs time, so nothing is timed here."""
        taps = {name: Tap(self.house.folder / f"tap-{name}", self.house.postgres.socket_folder) for name in TAPPED}
        for name, tap in taps.items():
            tap.start()
            self.house.end(name)
            self.house.restart(name, {"DATABASE_URL": f"postgresql://postgres@/messenger?host={tap.folder}"})
        try:
            result, _ = self._load("counts", "slots", self.sizes.seconds / 3)
            batches = taps["web-1"].totals(appending=True)
            flushes = taps["receipts"].totals(appending=False)
        finally:
            for name, tap in taps.items():
                self.house.end(name)
                tap.stop()
                self.house.restart(name)
        receipts = result["counts"]["pushed"]
        sends = result["counts"]["accepted"] / batches["commits"]
        statements, frames = flushes["statements"], result["counts"]["ack_frames"]
        self._tell("counts", "sends a batch", sends, "")
        self._tell("counts", "exchanges with PostgreSQL a batch", batches["exchanges"] / batches["commits"], "", 5)
        self._tell("counts", "acknowledgement frames per 1,000 receipts", 1000 * frames / receipts, "", 100)
        self._tell("counts", "SQL statements per 1,000 receipts", 1000 * statements / receipts, "", 100)

    def encoding(self) -> None:
        """The loads in turns: whatever else this machine does meets both."""
        for cost in encoding.measure(self.sizes.rounds):
            self._tell("encoding", f"{cost.name}: smaller by", cost.smaller, "%", 35, "least")
            self._tell("encoding", f"{cost.name}: time to read or write, proto : JSON", cost.slower, "×")
        spent = {subprotocol: [0.0, 0.0, 0.0] for subprotocol in (SUBPROTOCOL, PROTO_SUBPROTOCOL)}
        for _ in range(TURNS):
            for subprotocol, totals in spent.items():
                name, seconds = f"encoding {subprotocol}", self.sizes.seconds / TURNS
                result, cpu = self._load(name, "slots", seconds, subprotocol=subprotocol)
                for n, more in enumerate((result["counts"]["accepted"], cpu["web"], result["accepted"]["per_s"])):
                    totals[n] += more
        (messages, web, rate), (proto_messages, proto_web, proto_rate) = spent.values()
        self._tell("encoding", "accepted, proto : JSON", proto_rate / rate, "×", 1, "least")
        ratio = (proto_web / proto_messages) / (web / messages)
        self._tell("encoding", "CPU of the server for a message, proto : JSON", ratio, "×", 1)

    def idle(self) -> None:
        """A few sockets first: what a process loads once is not a socket's."""
        web = self.house.parts["web-1"].pid
        with connected(self._plan("idle", 20)):
            before = measure.pss_kib(web)
        with connected(self._plan("idle", self.sizes.idle_sockets)) as clients:
            time.sleep(self.sizes.settle_s)
            each = (measure.pss_kib(web) - before) / self.sizes.idle_sockets
            committed, at = measure.transactions(self.house), time.monotonic()
            time.sleep(self.sizes.seconds)
            per_s = (measure.transactions(self.house) - committed) / (time.monotonic() - at)
            clients.go()
        self._tell("idle", "PSS of an idle socket", each, "KiB", 40)
        self._tell("idle", "transactions of an idle process", per_s, "/s", 5)

    def away(self) -> None:
        sizes = self.sizes
        result, grown = absence.one_conversation(self.house, sizes.waiting)
        self._tell("away", "one conversation: first entries after", 1000 * result.first, "ms", 50)
        self._tell("away", "one conversation: all acknowledged after", result.synced, "s", 1.4)
        self._tell("away", "one conversation: entries that came", result.entries, "", sizes.waiting, "least")
        self._tell("away", "one conversation: growth of the server", grown, "MiB", 20)
        each = sizes.waiting // sizes.conversations
        result = absence.many_conversations(self.house, sizes.conversations, each)
        self._tell("away", "many conversations: the list after", 1000 * result.listed, "ms", 150)
        self._tell("away", "many conversations: all acknowledged after", result.synced, "s")
        ratio = absence.over_history(self.house, sizes.history // 100, sizes.history, 20)
        self._tell("away", "a sync above much history : above little", ratio, "×", 1.3)

    def crowd(self) -> None:
        results, seconds, connections = absence.crowd(self.house, self.sizes.crowd, 20)
        self._tell("crowd", "all synced after", seconds, "s", 20)
        self._tell("crowd", "errors", sum(each.errors for each in results), "", 0)
        self._tell("crowd", "entries a device", min(each.entries for each in results), "", 20, "least")
        self._tell("crowd", "database connections, of all processes", connections, "")
        gathered = company.run(self.house, self.sizes.company, self.sizes.company_messages)
        self._tell("crowd", "group: one message to all sockets, p99", gathered.rank_ms(0.99), "ms", 250)
        self._tell("crowd", "group: one message to all sockets, p50", gathered.rank_ms(0.5), "ms")
        self._tell("crowd", "group: frames of ticks to its sender", gathered.tick_frames, "", 20)
        self._tell("crowd", "group: a change of members", 1000 * gathered.change, "ms", 50)

    def rest(self) -> None:
        senders = rest.Senders(self.house)
        before, at = measure.cpu_seconds(self.house), time.monotonic()
        full = senders.run(self.sizes.seconds)
        after, elapsed = measure.cpu_seconds(self.house), time.monotonic() - at
        self._tell("rest", "accepted", full.per_s, "/s", 800 if self.server == "uvicorn" else None, "least")
        self._tell("rest", "answers that were not 201", full.statuses.total(), "", 0)
        self._tell("rest", "send → 201 p50, at full load", full.rank_ms(0.5), "ms")
        for group in ("web", "postgres"):
            self._tell("rest", f"CPUs used: {group}", (after[group] - before[group]) / elapsed, "")
        steady = senders.run(self.sizes.seconds, 100.0)
        self._tell("rest", "send → 201 p50, at 100/s", steady.rank_ms(0.5), "ms")
        self._tell("rest", "send → 201 p99, at 100/s", steady.rank_ms(0.99), "ms", 30)
        seconds, entries = rest.sync(self.house, self.sizes.waiting)
        self._tell("rest", f"sync of {self.sizes.waiting:,} entries", seconds, "s", 2.5)
        self._tell("rest", "entries that came", entries, "", self.sizes.waiting, "least")

    def upload(self) -> None:
        """Through the server's own door only: it is the one that has to bear it."""
        result = upload.Uploader(self.house, self.sizes.upload_bytes).run()
        fast = self.server == "uvicorn"
        size = f"{self.sizes.upload_bytes / 1_000_000:,.0f} MB"
        self._tell("upload", f"{size} in one request", result.whole_mb_s, "MB/s", 100 if fast else None, "least")
        self._tell("upload", "CPU time of the web process for that", result.whole_cpu_s, "s")
        self._tell("upload", "memory grown by that", result.whole_mib, "MiB", 10 if fast else None)
        self._tell("upload", f"{size} in requests of 4 MiB", result.parts_mb_s, "MB/s")
        self._tell("upload", "memory grown by those", result.parts_mib, "MiB", 10 if fast else None)
        self._tell("upload", "fetched", result.fetched_mb_s, "MB/s")
        self._tell("upload", "files that came back otherwise", result.wrong, "", 0)

    def library(self) -> None:
        result = library.measure(self.house, self.sizes.sends, self.sizes.waiting)
        self._tell("library", "accepted, each on the client's disk before", result.accepted_per_s, "/s")
        self._tell("library", "send → accepted p50, one at a time", result.alone_ms, "ms")
        self._tell("library", f"{self.sizes.waiting:,} waiting: stored and acknowledged after", result.synced_s, "s")
        self._tell("library", "entries that came", result.entries, "", self.sizes.waiting, "least")

    def _in_house(self, module: str, size: int) -> Any:
        """What a program of the bench prints that fills the house's database."""
        command = [sys.executable, "-m", module, str(size)]
        done = subprocess.run(
            command, cwd=CLONE, env=self.house.environment, capture_output=True, text=True, timeout=1_800
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return json.loads(done.stdout)

    def search(self) -> None:
        for kind, (middle, most) in self._in_house("bench.search", self.sizes.searched).items():
            self._tell("search", f"{kind}: p50", middle, "ms")
            self._tell("search", f"{kind}: p95", most, "ms", 100)

    def recur(self) -> None:
        """Fills the house's database, as searching does: the last scenarios in it."""
        result = self._in_house("bench.recurring", self.sizes.inboxes)
        self._tell("recur", "inboxes, and messages", result["inboxes"], "")
        for name, seconds in result["seconds"].items():
            self._tell("recur", name, seconds, "s", *([] if "," in name else [2]))

    def page(self) -> None:
        if not page.has_chromium():
            print("Chromium is not installed: the page is not measured")
            return
        sizes = self.sizes
        times = page.measure(self.house, sizes.stored, min(100, sizes.conversations), sizes.repetitions)
        for name, taken, wanted in (
            ("stored list after navigation", times.listed, 500),
            (f"{sizes.stored:,} stored messages opened after", times.opened, 200),
            ("message painted after Enter, no network", times.sent, 50),
        ):
            self._tell("page", f"{name}: median", statistics.median(taken), "ms", wanted)
            self._tell("page", f"{name}: worst", max(taken), "ms", wanted)
        self._tell("page", "frame while scrolling: median", statistics.median(times.frames), "ms", 17)
        self._tell("page", "frame while scrolling: worst", max(times.frames), "ms", 50)
        self._tell("page", "messages scrolled past", times.passed, "")
        self._tell("page", "rows in the document at most", times.rows, "", 300)
        for language, size in times.sizes.items():
            self._tell("page", f"script and CSS, {language}", size / 1000, "kB", 150)
        self._tell("page", "serious findings of axe", times.grave, "", 0)

    # The parts

    def _plan(self, shape: str, sockets: int, seconds: float = 0.0, rate: float = 0.0, **more: str) -> Plan:
        port = urlsplit(self.house.addresses[0]).port
        assert port is not None
        return Plan(port, pairs.make(self.house, sockets), shape, seconds, rate, **more)

    def _load(
        self, scenario: str, shape: str, seconds: float, rate: float = 0.0, subprotocol: str = SUBPROTOCOL
    ) -> tuple[dict[str, Any], dict[str, float]]:
        """The load's result, and the CPU seconds each group of processes used for it."""
        with connected(self._plan(shape, self.sizes.sockets, seconds, rate, subprotocol=subprotocol)) as clients:
            before, busy, at = self._used(clients), measure.busy_seconds(), time.monotonic()
            result = clients.go()
            after, elapsed = self._used(clients), time.monotonic() - at
            busy = measure.busy_seconds() - busy
        cpu = {group: after[group] - before[group] for group in after}
        result["strangers"] = max(0.0, busy - sum(cpu.values())) / elapsed
        self._tell(scenario, "CPUs used by strangers meanwhile", result["strangers"], "")
        self.loads[f"{scenario} {self.server}"] = result
        return result, cpu

    def _used(self, clients: Clients) -> dict[str, float]:
        return measure.cpu_seconds(self.house) | {"clients": measure.process_seconds(clients.pid)}

    def _tell(self, scenario: str, name: str, value: float | None, unit: str, *wanted: Any) -> None:
        self.figures.append(Figure(scenario, self.server, name, value, unit, *wanted))

    def _tell_latencies(self, scenario: str, result: dict[str, Any], wanted: Mapping[str, float]) -> None:
        for kind in ("accepted", "pushed", "ticked"):
            for rank in ("p50", "p99"):
                value = result[kind][f"{rank}_ms"]
                self._tell(scenario, f"send → {kind} {rank}", value, "ms", wanted.get(f"{kind} {rank}"))

    def _tell_cpu(self, scenario: str, result: dict[str, Any], cpu: dict[str, float]) -> None:
        for group, seconds in cpu.items():
            self._tell(scenario, f"CPU per 1,000 messages: {group}", 1000 * seconds / result["counts"]["accepted"], "s")


TAPPED = ("web-1", "receipts")
