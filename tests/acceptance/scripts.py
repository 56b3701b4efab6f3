"""What the page's scripts ask over HTTP."""

import json
import urllib.request
from typing import Any

from tests.acceptance.people import SignedIn
from tests.acceptance.servers import House

CSRF = "t" * 32


def asked(house: House, who: SignedIn, path: str, body: Any = None, method: str | None = None) -> Any:
    """The answer. A refusal is an urllib.error.HTTPError."""
    data = None if body is None else json.dumps(body).encode()
    headers = {
        "Cookie": f"{who.cookie_header}; csrftoken={CSRF}",
        "X-CSRFToken": CSRF,
        "Content-Type": "application/json",
        "Origin": house.address,
    }
    request = urllib.request.Request(house.address + path, data, headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.loads(answer.read() or b"null")
