"""The server dies in the middle of a conversation: nothing lost, nothing twice, the order kept. On both servers."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.acceptance.servers import House
from tests.browser.person import Person

pytestmark = pytest.mark.xdist_group("browser-faults")


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def house(request: pytest.FixtureRequest, house: House) -> Iterator[House]:
    if request.param == "daphne":
        yield house
    else:
        with House(server="uvicorn") as other:
            yield other


def test_a_server_killed_in_the_middle(house: House, alice: Person, bob: Person) -> None:
    for person in (alice, bob):
        person.profile.forgive("WebSocket connection")
    alice.start_chat(bob)
    alice.send("before")
    bob.open_chat(alice)
    bob.send("I am here")
    alice.expect_tick("before", "seen")
    # Both write while it dies: some of it gets through, some of it does not.
    for number in range(5):
        alice.write(f"alice {number}")
        bob.write(f"bob {number}")
    house.kill("web-1")
    for number in range(5, 8):
        alice.write(f"alice {number}")
    alice.expect_tick("alice 7", "pending")
    expect(alice.page.locator("#banner")).to_contain_text("Offline since")
    house.restart("web-1")
    for person in (alice, bob):
        person.expect_connected()
    alice.expect_tick("alice 7", "seen")
    bob.expect_tick("bob 4", "seen")
    expect(alice.page.locator("#banner")).to_be_hidden()
    texts = alice.texts
    bob.expect_texts(*texts)
    assert texts[:2] == ["before", "I am here"]
    assert [text for text in texts if text.startswith("alice")] == [f"alice {number}" for number in range(8)]
    assert [text for text in texts if text.startswith("bob")] == [f"bob {number}" for number in range(5)]
    alice.reload()
    expect(alice.message("alice 7")).to_be_visible()
    alice.expect_texts(*texts)


def test_written_while_offline_goes_out_in_order(house: House, alice: Person, bob: Person) -> None:
    for person in (alice, bob):
        person.profile.forgive("WebSocket connection")
    alice.start_chat(bob)
    alice.send("one")
    alice.expect_tick("one", "delivered")
    house.kill("web-1")
    alice.expect_state("waiting")
    for text in ("two", "three", "four"):
        alice.send(text)
        alice.expect_tick(text, "pending")
    house.restart("web-1")
    alice.expect_tick("four", "delivered")
    bob.open_chat(alice)
    expect(bob.message("four")).to_be_visible()
    for each in (bob, alice):
        each.expect_texts("one", "two", "three", "four")
