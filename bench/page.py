"""How fast the page is, in Chromium. Figures of the scenario "page".

A person with 100 conversations, one of them long, all of it stored on the device through the page's own Database. Time
runs from the navigation, the key or the click to the first moment after the frame that shows what was asked for has
been handed to the screen. In each repetition the page is loaded anew, by its service worker, from a warm cache.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bench import absence, pairs
from tests.acceptance.people import SignedIn
from tests.acceptance.servers import House
from tests.browser.conftest import CHROMIUM, FLAGS

CHUNK = 2_500
PATIENCE_MS = 120_000
GRAVE = ("serious", "critical")
LOG = """
SELECT seq, id::text, sender_id::text AS sender, client_id, body, (extract(epoch FROM created_at) * 1000)::bigint AS at
FROM chat_message WHERE conversation_id = %s AND seq BETWEEN %s AND %s ORDER BY seq
"""
FILL = """
async ([conv, entries]) => {
  const files = performance.getEntriesByType("resource").map(({ name }) => name);
  const { openDatabase } = await import(files.find((name) => /\\/database\\.[^/]*js$/.test(name)));
  const { device } = JSON.parse(document.getElementById("boot").textContent);
  const database = await openDatabase(device, () => {});
  await database.store(conv, entries, null);
  database.handle.close();
}
"""
# In every page from its beginning. `painted(found)`: resolves to the moment at which what `found` finds is painted.
WATCH = """
globalThis.painted = (found) => new Promise((resolve) => {
  const after = () => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => resolve(performance.now());
    port2.postMessage(null);
  });
  const observer = new MutationObserver(() => found() && (observer.disconnect(), after()));
  observer.observe(document, { childList: true, subtree: true });
});
globalThis.list = painted(() => document.querySelector(".conversation"));
"""
SENT = """
(text) => {
  const shows = ({ textContent }) => textContent === text;
  const painting = painted(() => [...document.querySelectorAll("#thread .body")].some(shows));
  const once = { capture: true, once: true };
  const pressed = new Promise((resolve) => addEventListener("keydown", ({ timeStamp }) => resolve(timeStamp), once));
  globalThis.took = Promise.all([pressed, painting]).then(([from, to]) => to - from);
}
"""
OPENED = """
(conv) => {
  const painting = painted(() => document.querySelector("#thread [data-seq]"));
  const clicked = performance.now();
  document.querySelector(`[data-id="${conv}"]`).click();
  return painting.then((to) => to - clicked);
}
"""
# As fast as a hand on a wheel: 12,000 pixels a second.
SCROLL = """
async (frames) => {
  const box = document.getElementById("thread-scroll");
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const [took, seqs] = [[], new Set()];
  let [last, most] = [await frame(), 0];
  for (let n = 0; n < frames; n += 1) {
    box.scrollTop -= 200;
    const now = await frame();
    took.push(now - last);
    last = now;
    const rows = document.querySelectorAll("#thread > li");
    most = Math.max(most, rows.length);
    for (const row of [rows[0], rows[rows.length - 1]]) if (row.dataset.seq) seqs.add(Number(row.dataset.seq));
  }
  return { took, most, passed: Math.max(...seqs) - Math.min(...seqs) };
}
"""
BYTES = """
() => {
  const files = performance.getEntriesByType("resource").filter(({ name }) => /\\.(js|css)(\\?|$)/.test(name));
  return files.reduce((sum, { decodedBodySize }) => sum + decodedBodySize, 0);
}
"""


@dataclass(slots=True)
class Times:
    """Milliseconds, one a repetition; a frame of the scrolling one each. `sizes`: bytes of script and CSS by language.
    `grave`: what axe finds serious or critical in list and thread."""

    listed: list[float] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    frames: list[float] = field(default_factory=list)
    rows: int = 0
    passed: int = 0
    sizes: dict[str, int] = field(default_factory=dict)
    grave: int = 0


def has_chromium() -> bool:
    return shutil.which(CHROMIUM) is not None


def measure(house: House, history: int, conversations: int, repetitions: int) -> Times:
    """`history` stored messages in the long conversation."""
    [reader] = house.enrol(*pairs.names(1))
    absence.talk(house, reader, conversations - 1, 20)
    [line] = long = absence.talk(house, reader, 1, history)
    absence.hold(house, reader, long, history)
    times = Times()
    with _page(house, reader) as page:
        _store(house, page, line[0], history)
        for _ in range(repetitions):
            _load(page, times)
            times.opened.append(page.evaluate(OPENED, line[0]))
        times.grave = sum(each["impact"] in GRAVE for each in Axe().run(page).response["violations"])
        times.sizes["English"] = page.evaluate(BYTES)
        _scroll(page, times)
        _send(page, line[0], repetitions, times)
    with _page(house, reader, "de") as page:
        expect(page.locator("#app")).to_have_attribute("data-connection", "ready", timeout=PATIENCE_MS)
        times.sizes["German"] = page.evaluate(BYTES)
    return times


@contextmanager
def _page(house: House, reader: SignedIn, language: str = "en") -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser: Browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(viewport={"width": 1280, "height": 800}, locale=language)
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(WATCH)
        for name, value in reader.cookies.items():
            context.add_cookies([{"name": name, "value": value, "url": house.address}])
        page = context.new_page()
        page.goto(f"{house.address}/")
        yield page
        browser.close()


def _store(house: House, page: Page, conv: str, history: int) -> None:
    expect(page.locator("#app")).to_have_attribute("data-sync", "done", timeout=PATIENCE_MS)
    page.evaluate("() => navigator.serviceWorker.ready.then(() => {})")
    with psycopg.connect(house.dsn) as connection:
        for first in range(1, history + 1, CHUNK):
            cursor = connection.execute(LOG, [conv, first, first + CHUNK - 1])
            names = [column.name for column in cursor.description or ()]
            entries: list[dict[str, Any]] = [dict(zip(names, row, strict=True)) for row in cursor]
            page.evaluate(FILL, [conv, json.loads(json.dumps(entries))])


def _load(page: Page, times: Times) -> None:
    page.goto(page.url.split("#")[0])
    # The same address with another fragment would not be a navigation.
    page.reload()
    times.listed.append(page.evaluate("list"))
    expect(page.locator("#app")).to_have_attribute("data-connection", "ready", timeout=PATIENCE_MS)


def _scroll(page: Page, times: Times) -> None:
    found = page.evaluate(SCROLL, 300)
    times.frames, times.rows, times.passed = found["took"], found["most"], found["passed"]


def _send(page: Page, conv: str, repetitions: int, times: Times) -> None:
    """Over a connection that says nothing any more."""
    page.route_web_socket("**/ws/v1", lambda socket: None)
    page.goto(f"{page.url.split('#')[0]}#{conv}")
    page.reload()
    expect(page.locator("#app")).to_have_attribute("data-connection", "connecting", timeout=PATIENCE_MS)
    expect(page.locator("#thread [data-seq]").last).to_be_visible()
    for n in range(repetitions):
        page.locator("#body").fill(f"message {n}")
        page.evaluate(SENT, f"message {n}")
        page.keyboard.press("Enter")
        times.sent.append(page.evaluate("took"))
