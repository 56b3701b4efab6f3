"""A push service of our own, on a real socket, and the browsers subscribed to it: it checks what the real ones check
(VAPID, RFC 8292; the headers of RFC 8030) and then does what only the browser can: decrypts."""

import json
import secrets
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import http_ece
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chat.wakeup import vapid
from tests.servers import VAPID_PRIVATE_KEY

DAY_S = 24 * 3600


@dataclass
class Browser:
    """One subscription: where it listens, and the keys it alone holds."""

    endpoint: str
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def subscription(self) -> dict[str, Any]:
        """As PushSubscription.toJSON() gives it."""
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": vapid.encoded(point), "auth": vapid.encoded(self.auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def decrypt(self, body: bytes) -> Any:
        return json.loads(http_ece.decrypt(body, private_key=self.private, auth_secret=self.auth, version="aes128gcm"))


@dataclass(frozen=True)
class Heard:
    """One push that passed all checks, as the browser would see it."""

    endpoint: str
    payload: Any
    topic: str
    ttl: int
    urgency: str
    sub: str
    body: bytes


@dataclass
class Answer:
    """`hang`: none at all, until the double is stopped. `body_mb`: how much comes after the headers."""

    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    body_mb: int = 0


class PushService:
    """`with PushService() as service`. Answers 201, unless `answers` holds something else for the next ones."""

    def __init__(self, key: str = VAPID_PRIVATE_KEY) -> None:
        self.heard: list[Heard] = []
        self.faults: list[str] = []
        self.requests = 0
        # How many answers were not listened to until their end.
        self.hung_up_on = 0
        self.answers: deque[Answer] = deque()
        self._public_key = vapid.public_key(key)
        self._browsers: dict[str, Browser] = {}
        self._over = threading.Event()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                service._take(self)

            def do_GET(self) -> None:
                service.faults.append("GET: a redirect was followed")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def subscribe(self) -> Browser:
        path = f"/push/{secrets.token_urlsafe(16)}"
        self._browsers[path] = Browser(self.origin + path)
        return self._browsers[path]

    def payloads(self, browser: Browser) -> list[Any]:
        return [each.payload for each in self.heard if each.endpoint == browser.endpoint]

    def _take(self, request: BaseHTTPRequestHandler) -> None:
        self.requests += 1
        body = request.rfile.read(int(request.headers["Content-Length"]))
        answer = self.answers.popleft() if self.answers else Answer()
        if answer.hang:
            self._over.wait(60)
            return
        try:
            heard = self._checked(request, body)
        except Exception as error:
            # Told by the test: an exception in here would only be printed.
            self.faults.append(repr(error))
            request.send_response(400)
            request.end_headers()
            return
        if answer.status == 201:
            self.heard.append(heard)
        request.send_response(answer.status)
        for name, value in answer.headers.items():
            request.send_header(name, value)
        request.end_headers()
        try:
            for _ in range(answer.body_mb):
                request.wfile.write(b"x" * 1_000_000)
        except OSError:
            self.hung_up_on += 1

    def _checked(self, request: BaseHTTPRequestHandler, body: bytes) -> Heard:
        headers = request.headers
        assert headers["Content-Encoding"] == "aes128gcm" and len(body) <= 4_096
        assert headers["Topic"] and len(headers["Topic"]) <= 32
        claims = self._vapid(headers["Authorization"])
        browser = self._browsers[request.path]
        payload = browser.decrypt(body)
        return Heard(
            browser.endpoint, payload, headers["Topic"], int(headers["TTL"]), headers["Urgency"], claims["sub"], body
        )

    def _vapid(self, authorization: str) -> Any:
        scheme, _, parameters = authorization.partition(" ")
        named = dict(part.strip().split("=", 1) for part in parameters.split(","))
        assert scheme == "vapid" and named["k"] == self._public_key
        signed, _, signature = named["t"].rpartition(".")
        raw = vapid.decoded(signature)
        der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), vapid.decoded(named["k"]))
        point.verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
        head, claims = (json.loads(vapid.decoded(part)) for part in signed.split("."))
        assert head["alg"] == "ES256"
        assert claims["aud"] == self.origin
        assert time.time() < claims["exp"] <= time.time() + DAY_S
        assert claims["sub"].startswith("mailto:")
        return claims
