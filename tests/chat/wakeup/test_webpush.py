"""The way to a push service: which addresses, and what its answers mean."""

import socket
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from chat.policy.endpoints import Endpoint
from chat.wakeup import vapid
from chat.wakeup.port import Failed, Gone, Outcome, Push, RetryAfter, Sent, Subscription
from chat.wakeup.resolving import NotPublic, reject_private
from chat.wakeup.webpush import LONGEST_S, SHORTEST_S, WebPush, judge, pause
from tests.push_service import Browser
from tests.servers import VAPID_PRIVATE_KEY

PUSH = Push({"t": "wake"}, "topic", 60, "normal")
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


class Names(AbstractResolver):
    """Answers with each of `answers` in turn, the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(hostname=host, host=each, port=port, family=socket.AF_INET, proto=0, flags=0)
            for each in found
        ]

    async def close(self) -> None:
        pass


async def sent(names: AbstractResolver, url: str, hosts: tuple[str, ...] = ("*",)) -> Outcome:
    keys = Browser(url).subscription["keys"]
    pusher = WebPush(VAPID_PRIVATE_KEY, "mailto:a@b.example", hosts, names=names, total=2)
    try:
        return await pusher.send(Subscription("webpush", url, keys["p256dh"], keys["auth"]), PUSH)
    finally:
        await pusher.close()


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], []])
async def test_a_name_with_an_address_that_is_not_public_is_refused(addresses: list[str]) -> None:
    assert await sent(Names(addresses), "https://push.example.org/x") == Failed("address", retry=False)
    with pytest.raises(NotPublic):
        await reject_private(Endpoint("https://push.example.org", "push.example.org"), names=Names(addresses))


async def test_a_name_that_was_public_when_it_was_registered_is_looked_at_again() -> None:
    names = Names(["8.8.8.8"], ["127.0.0.1"])
    await reject_private(Endpoint("https://push.example.org", "push.example.org"), names=names)
    assert await sent(names, "https://push.example.org/x") == Failed("address", retry=False)


async def test_what_was_checked_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: public when it is looked at, private when it is used. There is no second look-up to deceive."""
    connected: list[tuple[str, int]] = []

    async def connect(addr_infos: Any, **_: Any) -> socket.socket:
        connected.extend(info[4][:2] for info in addr_infos)
        raise ConnectionRefusedError

    monkeypatch.setattr("aiohttp.connector.aiohappyeyeballs.start_connection", connect)
    names = Names(["8.8.8.8"], ["127.0.0.1"])
    assert await sent(names, "https://push.example.org/x") == Failed("connection")
    assert connected == [("8.8.8.8", 443)] and names.asked == 1


@pytest.mark.parametrize("url", ["https://127.0.0.1/x", "http://push.example.org/x", "https://push.example.org:81/x"])
async def test_the_rules_hold_at_each_send(url: str) -> None:
    names = Names(["8.8.8.8"])
    assert await sent(names, url) == Failed("endpoint", retry=False)
    assert names.asked == 0


async def test_a_host_taken_off_the_list_gets_nothing_more() -> None:
    names = Names(["8.8.8.8"])
    assert await sent(names, "https://push.example.org/x", ("other.example",)) == Failed("endpoint", retry=False)
    assert names.asked == 0


async def test_keys_that_are_none_are_not_repeated() -> None:
    pusher = WebPush(VAPID_PRIVATE_KEY, "mailto:a@b.example", ("*",), names=Names(["8.8.8.8"]))
    found = await pusher.send(Subscription("webpush", "https://push.example.org/x", "AAAA", "AAAA"), PUSH)
    await pusher.close()
    assert found == Failed("keys", retry=False)


@pytest.mark.parametrize(
    ("status", "header", "outcome"),
    [
        (201, None, Sent()),
        (202, None, Sent()),
        (404, None, Gone()),
        (410, None, Gone()),
        (429, "7", RetryAfter(7)),
        (503, "7", RetryAfter(7)),
        (429, None, Failed("http-429")),
        (503, "soon", Failed("http-503")),
        (500, "7", Failed("http-500")),
        (302, None, Failed("http-302", retry=False)),
        (403, "7", Failed("http-403", retry=False)),
        (408, None, Failed("http-408")),
    ],
)
def test_what_an_answer_means(status: int, header: str | None, outcome: Outcome) -> None:
    assert judge(status, header) == outcome


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        (" 30 ", 30.0),
        ("0", SHORTEST_S),
        ("9" * 400, LONGEST_S),
        ("Tue, 24 Nov 2026 12:01:00 GMT", 60.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", SHORTEST_S),
        ("Wed, 24 Nov 2027 12:00:00 GMT", LONGEST_S),
        ("-30", None),
        ("٣٠", None),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert pause(header, NOW) == seconds


def test_keys() -> None:
    key = vapid.new_key()
    assert vapid.is_key(key) and not vapid.is_key(key[:-2]) and not vapid.is_key(vapid.encoded(bytes(32)))
    assert not vapid.is_key("hunter2") and not vapid.is_key("\u00fc" * 43)
    assert len(vapid.decoded(vapid.public_key(key))) == 65
    assert vapid.is_contact("mailto:a@b.example") and vapid.is_contact("https://b.example")
    assert not vapid.is_contact("a@b.example") and not vapid.is_contact("")
