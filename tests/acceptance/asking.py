"""The document's example of each route, asked about what a test names."""

import json
import re
from typing import Any

import httpx

from chat.api.examples import BOB, CONV, EXAMPLES, PATHS, TOKEN
from tests.acceptance.app import App, app_of
from tests.acceptance.people import SignedIn
from tests.acceptance.servers import House
from tests.acceptance.test_doors import sent
from tests.acceptance.world import Named

# After these an app goes on as another device.
SIGNS_OUT = {"signOut", "revokeDevice", "rotateToken", "changePassword"}

UNLIKE = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<id>"),
    (re.compile(r"twin-[0-9a-f]{12}", re.IGNORECASE), "<twin>"),
    (re.compile(r"wire_\d+_\d+_\d+"), "<client_id>"),
    (re.compile(r'"(token|url|next|point)": "[^"]*"'), r'"\1": ""'),
    (re.compile(r"\b1\d{12}\b"), "<time>"),
    # How far who has got: what is acknowledged is flushed whenever it is.
    (re.compile(r'"(received|received_rev|delivered|seen|unread)": \d+'), r'"\1": 0'),
    (re.compile(r'"(\w+_at)": (null|<time>)'), r'"\1": 0'),
)


def alike(told: Any) -> str:
    """Without what differs between two of a kind: ids, names, tokens, times."""
    text = json.dumps(told, sort_keys=True)
    for pattern, instead in UNLIKE:
        text = pattern.sub(instead, text)
    return text


async def asked(
    app: App, operation: tuple[str, str, str], named: Named, username: str = "bob", **more: Any
) -> httpx.Response:
    """`username` stands for the document's bob, whose id is `named.user`. `more` is added to body or query."""
    name, method, path = operation
    example = EXAMPLES[name]
    body = example.body
    if body is not None:
        text = json.dumps(body).replace(CONV, named.conv).replace(BOB, named.user).replace(TOKEN, named.token)
        body = json.loads(text.replace('"username": "bob"', f'"username": "{username}"')) | more
    query = {key: username if value == "bob" else value for key, value in example.query.items()}
    query |= more if body is None else {}
    paths = {"conv": named.conv, "seq": named.seq, "user": named.user, "link": named.link}
    paths |= {"device_id": named.device or app.device, "upload": named.file, "attachment": named.file}
    return await app.ask(method, path.format(**PATHS | paths), body, params=query, **sent(example))


async def again(house: House, who: SignedIn, app: App) -> None:
    """As a device that is new."""
    async with app_of(house, who) as fresh:
        app.token, app.device = fresh.token, fresh.device
