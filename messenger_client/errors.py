"""Everything that can be raised. The docstring is what a person reads; `code` is the server's, stable, where it has
one."""


class MessengerError(Exception):
    """Something went wrong."""

    code: str | None = None

    def __init__(self, text: str | None = None, code: str | None = None) -> None:
        super().__init__(text or (self.__doc__ or "").strip())
        self.code = code if code is not None else self.code


class InvalidMessage(MessengerError, ValueError):
    """The message is empty, too long or holds characters that cannot be stored."""

    code = "INVALID_MESSAGE"


class InvalidClientId(MessengerError, ValueError):
    """A client_id is 1 to 64 characters of A-Z a-z 0-9 _ . : -, a letter or digit first."""


class Refused(MessengerError):
    """The server refused it, and would refuse it again."""


class MessageFailed(MessengerError):
    """The message was not delivered."""


class Unavailable(MessengerError):
    """The server cannot be reached, or could not do it just now: try again later."""

    retry_after_ms = 0


class SignedOut(MessengerError):
    """Not signed in, or not any more: sign in again. What waits to be sent stays."""

    code = "AUTHENTICATION_FAILED"


class SomebodyElse(MessengerError):
    """This database belongs to another person or another server."""


class Stopped(MessengerError):
    """The connection ended for good: coming back would meet the same answer."""


class StoreFailed(MessengerError):
    """The database could not be written or read; nothing more is taken from the server."""


class StoreInUse(StoreFailed):
    """Another program has this database open."""
