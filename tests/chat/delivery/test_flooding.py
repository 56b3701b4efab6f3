"""Frames over the limit: each is told apart by its answer, so that who asked does not wait for another one."""

import pytest

from chat.delivery.runtime import Runtime
from tests.cast import Cast
from tests.chat.process import Client

pytestmark = [pytest.mark.django_db(transaction=True)]


async def test_what_comes_too_fast_is_named(
    runtime: Runtime, people: Cast, conv: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.web.desk.FRAME_BURST", 1.0)
    monkeypatch.setattr("chat.web.desk.FRAMES_PER_S", 0.001)
    alice = Client(runtime, people.alice)
    await alice.hello()
    await alice.say({"t": "edit", "conv": conv, "seq": 7, "body": "too fast"})
    error = await alice.told("error")
    assert (error["code"], error["retryable"]) == ("RATE_LIMITED", True)
    assert error["ref"] == {"t": "edit", "conv": conv, "seq": 7}
    await alice.send(conv, "a1")
    retry = await alice.told("retry")
    assert (retry["client_id"], retry["error_code"]) == ("a1", "RATE_LIMITED")
