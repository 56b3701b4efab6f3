"""How the use cases of the log say no."""

from chat.protocol.errors import ErrorCode


class Refusal(Exception):
    """It will not be done; nothing was written. `code` says why."""

    def __init__(self, code: ErrorCode) -> None:
        super().__init__(code.value)
        self.code = code
