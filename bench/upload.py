"""One large file over one connection. Figures of the scenario "upload".

In one request, as a program may send it, and in requests of four megabytes, as our clients do; then it is fetched.
While it comes in, the server's memory is looked at every few milliseconds.
"""

import base64
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from time import monotonic

import psutil

from bench import absence, measure, pairs
from tests.acceptance.people import as_apps
from tests.acceptance.servers import House

LOOK_S = 0.005
PART_BYTES = 4 << 20
BLOCK = 1 << 20
TUS = {"Tus-Resumable": "1.0.0"}


@dataclass(slots=True)
class Uploaded:
    """`whole_mb_s`, `parts_mb_s`: 10^6 bytes a second, of all in one request and in many; `*_mib`: by how much the web
    process grew meanwhile, at most; `whole_cpu_s`: what it used of processors for that."""

    whole_mb_s: float = 0.0
    whole_mib: float = 0.0
    whole_cpu_s: float = 0.0
    parts_mb_s: float = 0.0
    parts_mib: float = 0.0
    fetched_mb_s: float = 0.0
    wrong: int = 0


class Memory:
    """Of the web process, watched by a thread."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._before = self._most = self._process.memory_info().rss
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(LOOK_S):
            self._most = max(self._most, self._process.memory_info().rss)

    @property
    def grown_mib(self) -> float:
        return (self._most - self._before) / (1 << 20)


class Uploader:
    """One app."""

    def __init__(self, house: House, size: int) -> None:
        [person] = house.enrol(*pairs.names(1))
        [token] = as_apps(house.dsn, [person])
        self._content = os.urandom(size)
        self._pid = house.parts["web-1"].pid
        self._http = HTTPConnection("127.0.0.1", absence.port_of(house))
        self._headers = {"Authorization": f"Bearer {token}"}
        self._count = 0

    def run(self) -> Uploaded:
        result = Uploaded()
        # What is loaded at the first request of its kind is not what is asked for.
        self._upload(self._content[:PART_BYTES], PART_BYTES)
        size = len(self._content) / 1_000_000
        used = measure.process_seconds(self._pid)
        with Memory(self._pid) as memory:
            seconds, file = self._upload(self._content, len(self._content))
        result.whole_cpu_s = measure.process_seconds(self._pid) - used
        result.whole_mb_s, result.whole_mib = size / seconds, memory.grown_mib
        with Memory(self._pid) as memory:
            seconds, _ = self._upload(self._content, PART_BYTES)
        result.parts_mb_s, result.parts_mib = size / seconds, memory.grown_mib
        began = monotonic()
        result.wrong = int(self._fetch(file) != self._content)
        result.fetched_mb_s = size / (monotonic() - began)
        return result

    def _upload(self, content: bytes, part: int) -> tuple[float, str]:
        """Seconds, without the announcement; the address."""
        self._count += 1
        names = [base64.b64encode(each).decode() for each in (b"file.bin", b"bench_%d_0" % self._count)]
        announced = {"Upload-Length": str(len(content)), "Upload-Metadata": "filename {},client_id {}".format(*names)}
        place = self._ask("POST", "/api/v1/uploads", b"", TUS | announced)["Location"]
        began = monotonic()
        for at in range(0, len(content), part):
            stated = {"Upload-Offset": str(at), "Content-Type": "application/offset+octet-stream"}
            self._ask("PATCH", place, content[at : at + part], TUS | stated)
        return monotonic() - began, place

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> dict[str, str]:
        length = {"Content-Length": str(len(body))}
        self._http.request(method, path, _pieces(body), self._headers | headers | length)
        answer = self._http.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode(errors='replace')}")
        return {name.title(): value for name, value in answer.getheaders()}

    def _fetch(self, place: str) -> bytes:
        self._http.request("GET", place.replace("uploads", "attachments"), headers=self._headers)
        url = self._http.getresponse().read().split(b'"url":"')[1].split(b'"')[0].decode()
        self._http.request("GET", url)
        return self._http.getresponse().read()


def _pieces(body: bytes) -> Iterator[memoryview]:
    view = memoryview(body)
    for at in range(0, len(body), BLOCK):
        yield view[at : at + BLOCK]
