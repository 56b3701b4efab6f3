"""Static files as both servers send them: kept for ever under their hashed names, small, and as safe as any page."""

import gzip
import re
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest

from tests.acceptance.conftest import each_server
from tests.acceptance.servers import House

pytestmark = [pytest.mark.acceptance, pytest.mark.both_servers]


@pytest.fixture(scope="session", params=each_server("house"))
def house(request: pytest.FixtureRequest, houses: Callable[..., House]) -> House:
    return houses(request.param)


@pytest.fixture
def address(house: House) -> str:
    return house.addresses[0]


@pytest.fixture
def script(address: str) -> str:
    """The first one that the sign-in page asks for."""
    found = re.search(r'src="(/static/[^"]+\.js)"', httpx.get(f"{address}/sign-in/").text)
    assert found
    return f"{address}{found[1]}"


def ask(url: str, method: str = "GET", **headers: str) -> httpx.Response:
    return httpx.request(method, url, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_what_its_name_has_the_hash_of_is_kept_for_ever(script: str) -> None:
    hashed = ask(script)
    assert hashed.status_code == 200 and hashed.headers["Content-Type"].startswith("text/javascript")
    assert hashed.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    plain = ask(re.sub(r"\.[0-9a-f]{6}\.js$", ".js", script))
    assert (plain.status_code, plain.headers["Cache-Control"]) == (200, "max-age=60, public")


def test_each_gets_it_as_small_as_it_can_read_it(script: str) -> None:
    whole = ask(script, Accept_Encoding="identity")
    assert "Content-Encoding" not in whole.headers
    with httpx.stream("GET", script, headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert int(answer.headers["Content-Length"]) == len(raw) < len(whole.content)
    assert gzip.decompress(raw) == whole.content


def test_what_one_has_already_is_not_sent_again(script: str) -> None:
    first = ask(script)
    for headers in ({"If-None-Match": first.headers["ETag"]}, {"If-Modified-Since": first.headers["Last-Modified"]}):
        again = ask(script, **headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    assert ask(script, If_None_Match='"another"').content == first.content


def test_a_part_can_be_asked_for(script: str) -> None:
    whole = ask(script, Accept_Encoding="identity").content
    part = ask(script, Accept_Encoding="identity", Range="bytes=5-9")
    assert (part.status_code, part.content) == (206, whole[5:10])
    assert part.headers["Content-Range"] == f"bytes 5-9/{len(whole)}"
    beyond = ask(script, Accept_Encoding="identity", Range=f"bytes={len(whole)}-")
    assert (beyond.status_code, beyond.content) == (416, b"")
    assert ask(script, Accept_Encoding="identity", Range="lines=1").content == whole


def test_it_can_only_be_read(script: str) -> None:
    head = ask(script, "HEAD")
    assert (head.status_code, head.content) == (200, b"") and int(head.headers["Content-Length"]) > 0
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        refused = ask(script, method)
        assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")


def test_it_is_as_safe_as_a_page(script: str) -> None:
    for answer in (ask(script), ask(script, "POST"), ask(script, Range="bytes=0-1")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_the_log_has_it_like_any_request(house: House, script: str) -> None:
    before = house.log_size("web-1")
    assert ask(f"{script}?of=nobody", X_Request_ID="asked.for-a-file").headers["X-Request-ID"] == "asked.for-a-file"
    [line] = [line for line in house.log("web-1", before).splitlines() if "asked.for-a-file" in line]
    assert "answered" in line and script.rpartition("/")[2] in line and "nobody" not in line


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/nothing.js",
        "/static/staticfiles.json",
        "/static/js/../../manage.py",
        "/static/..%2f..%2fmanage.py",
        "/static/js/app.js/",
        "/static/js/app.js%00",
        "/static/js%5capp.js",
    ],
)
def test_what_is_no_static_file_is_a_page_that_is_not_there(address: str, path: str) -> None:
    # Sent as it stands: a client would tidy it up.
    with httpx.Client() as client:
        answer = client.send(client.build_request("GET", httpx.URL(address, raw_path=path.encode())))
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html") and "Content-Security-Policy" in answer.headers


def test_a_query_that_is_no_text_is_refused(house: House, script: str) -> None:
    before = house.log_size("web-1")
    url = urlsplit(script)
    with socket.create_connection((url.hostname, url.port), timeout=30) as link:
        link.sendall(f"GET {url.path}?".encode() + b"\xff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert link.recv(100).split()[1] == b"400"
    assert "Traceback" not in house.log("web-1", before)
