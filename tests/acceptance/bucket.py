"""As much of an S3 server as a messenger needs, in memory, over real HTTP on the loopback address: objects are put
whole or in parts, fetched whole or by range, asked after and deleted. What it does not know it refuses."""

import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

NAME, KEY, SECRET = "files-of-tests", "key-of-tests", "secret-of-tests"
RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class Bucket:
    """`objects`: bytes by key. `asked`: what was asked for, "METHOD key". `is_away`: all of it is answered with 503."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.asked: list[str] = []
        self.is_away = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answerer", (_Answerer,), {"bucket": self}))
        self._thread = threading.Thread(target=self._server.serve_forever, name="bucket", daemon=True)

    @property
    def environment(self) -> dict[str, str]:
        """The messenger's settings that name it."""
        return {
            "S3_BUCKET": NAME,
            "S3_ENDPOINT": f"http://127.0.0.1:{self._server.server_port}",
            "S3_REGION": "eu-central-1",
            "S3_ACCESS_KEY": KEY,
            "S3_SECRET_KEY": SECRET,
        }

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


class _Answerer(BaseHTTPRequestHandler):
    bucket: Bucket
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""

    def _take(self) -> None:
        body = self._body()
        url = urlsplit(self.path)
        query = parse_qs(url.query, keep_blank_values=True)
        name, _, key = url.path.removeprefix("/").partition("/")
        self.bucket.asked.append(f"{self.command} {key}")
        if f"Credential={KEY}/" not in self.headers.get("Authorization", "") or name != NAME:
            self._answer(403)
        elif self.bucket.is_away:
            self._answer(503)
        elif handler := getattr(self, f"_{self.command.lower()}_{_kind(query)}", None):
            handler(key, query, body)
        else:
            self._answer(501)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _take  # noqa: N815 (http.server's names)

    def _put_object(self, key: str, query: Any, body: bytes) -> None:
        self.bucket.objects[key] = body
        self._answer(200, ETag=_tag(body))

    def _get_object(self, key: str, query: Any, body: bytes) -> None:
        content = self.bucket.objects.get(key)
        if content is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        elif found := RANGE.fullmatch(self.headers.get("Range", "")):
            first, last = int(found[1]), min(int(found[2] or len(content)), len(content) - 1)
            told = f"bytes {first}-{last}/{len(content)}"
            self._answer(206, content[first : last + 1], **{"Content-Range": told, "ETag": _tag(content)})
        else:
            self._answer(200, content, ETag=_tag(content))

    _head_object = _get_object

    def _delete_object(self, key: str, query: Any, body: bytes) -> None:
        self.bucket.objects.pop(key, None)
        self._answer(204)

    def _post_uploads(self, key: str, query: Any, body: bytes) -> None:
        upload = f"upload-{len(self.bucket.parts) + 1}"
        self.bucket.parts[upload] = {}
        said = f"<Bucket>{NAME}</Bucket><Key>{key}</Key><UploadId>{upload}</UploadId>"
        self._answer(200, f"<InitiateMultipartUploadResult>{said}</InitiateMultipartUploadResult>".encode())

    def _put_part(self, key: str, query: Any, body: bytes) -> None:
        self.bucket.parts[query["uploadId"][0]][int(query["partNumber"][0])] = body
        self._answer(200, ETag=_tag(body))

    def _post_part(self, key: str, query: Any, body: bytes) -> None:
        parts = self.bucket.parts[query["uploadId"][0]]
        wanted = [int(number) for number in re.findall(rb"<PartNumber>(\d+)</PartNumber>", body)]
        content = self.bucket.objects[key] = b"".join(parts[number] for number in wanted)
        said = f"<Key>{key}</Key><ETag>{_tag(content)}</ETag>"
        self._answer(200, f"<CompleteMultipartUploadResult>{said}</CompleteMultipartUploadResult>".encode())

    def _body(self) -> bytes:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return _unwrapped(body) if "aws-chunked" in self.headers.get("Content-Encoding", "") else body

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _kind(query: dict[str, list[str]]) -> str:
    if "uploads" in query:
        return "uploads"
    return "part" if "uploadId" in query else "object"


def _unwrapped(body: bytes) -> bytes:
    """Of a body in signed chunks, each after its length in hexadecimal; a checksum follows the last, empty one."""
    content = b""
    while body:
        head, _, rest = body.partition(b"\r\n")
        length = int(head.partition(b";")[0], 16)
        if not length:
            break
        content, body = content + rest[:length], rest[length + 2 :]
    return content


def _tag(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
