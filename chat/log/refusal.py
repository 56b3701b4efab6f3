"""How the use cases of the log say no."""

from chat.protocol.errors import ErrorCode


class Refusal(Exception):
    """It will not be done; nothing was written. `code` says why."""

    def __init__(self, code: ErrorCode) -> None:
        super().__init__(code.value)
        self.code = code


class Later(Refusal):
    """To be asked again after so many milliseconds."""

    def __init__(self, code: ErrorCode, after_ms: int) -> None:
        super().__init__(code)
        self.after_ms = after_ms


def unless(wait_s: float) -> None:
    """Raises Later (RATE_LIMITED), if there is something to wait for."""
    if wait_s:
        raise Later(ErrorCode.RATE_LIMITED, round(wait_s * 1000) + 100)
