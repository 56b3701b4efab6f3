"""Web Push (RFC 8030): encrypted for the browser's keys alone (RFC 8291), signed by the server's (RFC 8292).

The push service is a stranger chosen by another stranger. It is reached by the rules of chat/policy/endpoints.py, its
redirects are not followed, its answer's body is not read, and it has TOTAL_S for everything.
"""

import json
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from aiohttp.abc import AbstractResolver
from pywebpush import WebPusher, WebPushException

from chat.policy.endpoints import BadEndpoint, check
from chat.wakeup import vapid
from chat.wakeup.port import Failed, Gone, Outcome, Push, RetryAfter, Sent, Subscription
from chat.wakeup.resolving import NotPublic, PublicResolver

CONNECT_S = 5.0
TOTAL_S = 10.0
# "Come back in a year" is answered by coming back in an hour.
LONGEST_S = 3_600.0
SHORTEST_S = 1.0
GONE = (404, 410)
BUSY = (429, 503)
# Other 4xx would be refused again.
AGAIN = (408, 425)


class WebPush:
    """One session, kept for a batch; made inside the event loop that uses it."""

    def __init__(
        self,
        key: str,
        subject: str,
        hosts: tuple[str, ...],
        loopback: bool = False,
        names: AbstractResolver | None = None,
        total: float = TOTAL_S,
    ) -> None:
        self._key = key
        self._subject = subject
        self._hosts = hosts
        self._loopback = loopback
        timeout = ClientTimeout(total=total, sock_connect=min(CONNECT_S, total))
        connector = TCPConnector(resolver=PublicResolver(loopback, names), use_dns_cache=False)
        self._session = ClientSession(
            connector=connector, timeout=timeout, cookie_jar=DummyCookieJar(), auto_decompress=False
        )

    async def close(self) -> None:
        await self._session.close()

    async def send(self, subscription: Subscription, push: Push) -> Outcome:
        try:
            # Again at each send: the list of allowed hosts may have changed since.
            endpoint = check(subscription.endpoint, self._hosts, self._loopback)
            headers = {
                "TTL": str(push.ttl),
                "Urgency": push.urgency,
                "Topic": push.topic,
                "Content-Encoding": "aes128gcm",
                "Content-Type": "application/octet-stream",
                **vapid.headers(self._key, self._subject, endpoint.origin),
            }
            body = _encrypted(subscription, push)
        except BadEndpoint:
            return Failed("endpoint", retry=False)
        except (WebPushException, ValueError):
            return Failed("keys", retry=False)
        return await self._post(subscription.endpoint, headers, body)

    async def _post(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                # Closed, not kept for the next one: that would read the body to its end.
                answer.close()
                return judge(answer.status, answer.headers.get("Retry-After"))
        except NotPublic:
            return Failed("address", retry=False)
        except TimeoutError:
            return Failed("timeout")
        except (ClientError, OSError, ValueError) as error:
            return Failed("address", retry=False) if isinstance(error.__cause__, NotPublic) else Failed("connection")


def _encrypted(subscription: Subscription, push: Push) -> bytes:
    keys = {"p256dh": subscription.p256dh, "auth": subscription.auth}
    payload = json.dumps(push.payload, ensure_ascii=False, separators=(",", ":")).encode()
    body: bytes = WebPusher({"endpoint": subscription.endpoint, "keys": keys}).encode(payload)["body"]
    return body


def judge(status: int, retry_after: str | None) -> Outcome:
    """What an answer means (spec E2, and RFC 8030 for 404 and 410)."""
    if 200 <= status < 300:
        return Sent()
    if status in GONE:
        return Gone()
    wanted = pause(retry_after) if status in BUSY else None
    if wanted is not None:
        return RetryAfter(wanted)
    return Failed(f"http-{status}", retry=status >= 500 or status in BUSY or status in AGAIN)


def pause(retry_after: str | None, now: datetime | None = None) -> float | None:
    """Seconds, from a number of them or an HTTP date (RFC 9110, 10.2.3), within bounds. None: neither."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    else:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = (at.replace(tzinfo=at.tzinfo or UTC) - (now or datetime.now(UTC))).total_seconds()
    return min(LONGEST_S, max(SHORTEST_S, seconds))
