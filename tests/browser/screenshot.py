"""Makes docs/screenshot.png anew: python -m tests.browser.screenshot

A conversation is typed into real pages, set back in time so that it looks like one, and photographed from a device
that has just signed in.
"""

import os
from pathlib import Path

import django
import psycopg
from playwright.sync_api import Browser, expect, sync_playwright

TARGET = Path(__file__).resolve().parents[2] / "docs" / "screenshot.png"

# Who writes, what, what it answers, and how many minutes ago.
SCRIPT = [
    ("jonas", "The cabin is free on the second weekend of May. Shall we take it?", None, 96),
    ("nora", "Yes please! How many beds?", None, 94),
    ("jonas", "Six, and a sofa nobody should sleep on.", None, 93),
    ("jonas", "There is a stove, a lake, and no reception at all: https://example.org/cabins/north-shore", None, 93),
    ("nora", "Then we had better agree on everything before we leave.", None, 61),
    ("nora", "I can bring the canoe and the big pot.", None, 61),
    ("jonas", "Perfect. Mina and Paul come by train, I pick them up at the station on Friday at six.", None, 22),
    ("nora", "Six is tight for me. Could you take the canoe on your roof as well?", 7, 9),
    ("jonas", "Sure, if you take Paul's drum kit.", None, 7),
    ("nora", "…we will leave the drum kit.", 9, 3),
]
OTHERS = [
    ("mina", ["Train tickets are booked!", "Two seats by the window."], 14),
    ("paul", ["Is there room for drums?"], 35),
    ("tessa", ["Thanks, got the documents."], 128),
]
SET_BACK = """
UPDATE chat_message SET created_at = now() - make_interval(mins => %s)
WHERE conversation_id = (SELECT conversation_id FROM chat_message WHERE body = %s) AND body = %s
"""


def talk(house: "House", browser: Browser) -> None:
    people = {}
    for signed_in in house.enrol("nora", "jonas", "mina", "paul", "tessa"):
        people[signed_in.username] = Person(Profile(browser, house.address), signed_in)
        people[signed_in.username].come_in()
    nora, jonas = people["nora"], people["jonas"]
    for name, texts, _ in reversed(OTHERS):
        people[name].start_chat(nora)
        people[name].send(*texts)
        people[name].expect_tick(texts[-1], "delivered")
    nora.open_chat(people["tessa"])
    people["tessa"].expect_tick(OTHERS[-1][1][0], "seen")
    nora.start_chat(jonas)
    jonas.open_chat(nora)
    for number, (name, text, answers, _) in enumerate(SCRIPT):
        # Jonas has not looked at the last one yet.
        if number == len(SCRIPT) - 1:
            jonas.page.evaluate("() => { document.hasFocus = () => false }")
        if answers:
            answered = people[name].message(SCRIPT[answers - 1][1])
            answered.hover()
            answered.get_by_role("button", name="Reply").click()
        people[name].write(text)
        for each in (nora, jonas):
            expect(each.message(text)).to_be_visible()
    nora.expect_tick(SCRIPT[-1][1], "delivered")


def set_back(house: "House") -> None:
    told = [(minutes, text) for _, text, _, minutes in SCRIPT]
    told += [(minutes, text) for _, texts, minutes in OTHERS for text in texts]
    with psycopg.connect(house.dsn) as connection:
        for minutes, text in told:
            connection.execute(SET_BACK, [minutes, text, text])


def photograph(house: "House", browser: Browser) -> None:
    nora = Person(Profile(browser, house.address), house.sign_in("nora"))
    nora.come_in()
    nora.page.locator(".conversation").filter(has_text="Jonas").click()
    expect(nora.page.locator(".message")).to_have_count(len(SCRIPT))
    nora.expect_tick(SCRIPT[-1][1], "delivered")
    nora.page.mouse.move(0, 0)
    nora.page.screenshot(path=TARGET)


if __name__ == "__main__":
    os.environ.update(
        MODE="demo",
        SECRET_KEY="only-for-tests",
        DATABASE_URL="postgresql:///unused",
        REDIS_URL="redis://localhost",
        DJANGO_SETTINGS_MODULE="messenger.settings",
    )
    django.setup()
    from tests.acceptance.servers import House
    from tests.browser.conftest import CHROMIUM, FLAGS
    from tests.browser.person import Person, Profile

    with House() as house, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        talk(house, browser)
        set_back(house)
        photograph(house, browser)
        browser.close()
