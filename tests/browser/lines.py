"""Connections that are worse than they look."""

import json

from playwright.sync_api import WebSocketRoute


class SlowPages:
    """A connection on which pages of history arrive late."""

    def __init__(self) -> None:
        self.late: list[str] = []
        self.is_holding = True
        self.socket: WebSocketRoute | None = None

    def connect(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        self.socket = socket

        def down(text: str | bytes) -> None:
            if self.is_holding and json.loads(text)["t"] == "page":
                self.late.append(str(text))
            else:
                socket.send(text)

        server.on_message(down)

    def release(self) -> None:
        self.is_holding = False
        assert self.socket is not None
        for text in self.late:
            self.socket.send(text)
