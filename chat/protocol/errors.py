"""Every refusal a client can meet: a stable code, who must act, and the sentence a person reads.

A code never changes its meaning. Three families, told apart by `Retry`:

- NEVER: the same request will be refused again. For a send this is REJECTED: shown, never repeated by itself.
- LATER: nothing is wrong with the request; the client sends it again after `retry_after_ms` or its own backoff.
- SIGN_IN: the client must sign in again first; nothing in its outbox fails meanwhile.

One code, NOT_FOUND, answers both "absent" and "not yours", so that nobody can probe for ids.
"""

from enum import Enum, IntEnum


class Retry(Enum):
    NEVER = "never"
    LATER = "later"
    SIGN_IN = "sign_in"


class ErrorCode(str, Enum):
    """The code as it stands on the wire; `.retry` and `.text` say what it means."""

    retry: Retry
    text: str

    def __new__(cls, code: str, retry: Retry, text: str) -> "ErrorCode":
        member = str.__new__(cls, code)
        member._value_ = code
        member.retry = retry
        member.text = text
        return member

    BAD_FRAME = "BAD_FRAME", Retry.NEVER, "The frame is not what the protocol describes."
    UNKNOWN_FRAME = "UNKNOWN_FRAME", Retry.NEVER, "The server does not know this kind of frame."
    HELLO_EXPECTED = "HELLO_EXPECTED", Retry.NEVER, "The first frame must be hello, and only the first."
    INVALID_MESSAGE = (
        "INVALID_MESSAGE",
        Retry.NEVER,
        "The message is empty, too long or holds characters that cannot be stored.",
    )
    NOT_FOUND = "NOT_FOUND", Retry.NEVER, "There is no such thing, or it is not yours."
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT", Retry.NEVER, "This client_id was already used for another message."
    INVALID_ATTACHMENT = (
        "INVALID_ATTACHMENT",
        Retry.NEVER,
        "An attachment is not there, not yours, not complete, or part of another message.",
    )
    INVALID_REPLY = "INVALID_REPLY", Retry.NEVER, "The message being answered is not one you can see."
    INVALID_ACK = "INVALID_ACK", Retry.NEVER, "The acknowledgement names an entry that does not exist."
    TOO_LATE = "TOO_LATE", Retry.NEVER, "The time in which this can be changed is over."
    NOT_EXPIRED = "NOT_EXPIRED", Retry.NEVER, "Only a message that could not be delivered can be sent anew."
    EXPIRED = "EXPIRED", Retry.NEVER, "It was kept as long as the server keeps messages, and no device came for it."
    INVALID_MENTION = "INVALID_MENTION", Retry.NEVER, "Somebody who is mentioned is not in this conversation."
    NOT_ALLOWED = "NOT_ALLOWED", Retry.NEVER, "Your role in this group does not allow that."
    GROUP_FULL = "GROUP_FULL", Retry.NEVER, "The group has as many members as it can have."
    USER_BLOCKED = "USER_BLOCKED", Retry.NEVER, "One of you has blocked the other."
    NOT_REACHABLE = "NOT_REACHABLE", Retry.NEVER, "This person does not want to be written to or added by you."
    SPAM = "SPAM", Retry.NEVER, "You have sent this to many people you do not know."
    BLOCKS_FULL = "BLOCKS_FULL", Retry.NEVER, "You have blocked as many people as you can."
    BAD_POINT = "BAD_POINT", Retry.NEVER, "This is not a point of this server: begin anew without one."
    SEARCH_TOO_BROAD = (
        "SEARCH_TOO_BROAD",
        Retry.NEVER,
        "There is too much to search through: search for more words, or in one conversation.",
    )
    PREDECESSOR_MISSING = "PREDECESSOR_MISSING", Retry.LATER, "The message before this one has not arrived yet."
    UNAVAILABLE = "UNAVAILABLE", Retry.LATER, "The server could not do this just now."
    OVERLOADED = "OVERLOADED", Retry.LATER, "The server has too much to do just now."
    RATE_LIMITED = "RATE_LIMITED", Retry.LATER, "You are sending faster than the server allows."
    INTERNAL = "INTERNAL", Retry.LATER, "Something went wrong on the server."
    INVALID_SUBSCRIPTION = (
        "INVALID_SUBSCRIPTION",
        Retry.NEVER,
        "The push subscription is not one this server can use.",
    )
    WRONG_OFFSET = "WRONG_OFFSET", Retry.NEVER, "The upload does not go on there: ask where it does."
    CHECKSUM_MISMATCH = "CHECKSUM_MISMATCH", Retry.LATER, "What arrived is not what was sent: send it again."
    UPLOAD_BUSY = "UPLOAD_BUSY", Retry.LATER, "The upload is being written to by another request."
    UPLOAD_TOO_LARGE = "UPLOAD_TOO_LARGE", Retry.NEVER, "The file is larger than it may be, or than was announced."
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED", Retry.NEVER, "Too much was uploaded that has not been sent yet."
    REFUSED_FILE = (
        "REFUSED_FILE",
        Retry.NEVER,
        "This file cannot be accepted: it is broken, or not what it claims to be.",
    )
    NOT_READY = "NOT_READY", Retry.LATER, "It is still being made."
    INVALID_REQUEST = "INVALID_REQUEST", Retry.NEVER, "The request is not what this address takes."
    INVALID_ACCOUNT = "INVALID_ACCOUNT", Retry.NEVER, "This account cannot be made."
    USERNAME_TAKEN = "USERNAME_TAKEN", Retry.NEVER, "That username is taken."
    INVALID_SETTINGS = "INVALID_SETTINGS", Retry.NEVER, "These settings cannot be stored."
    INVALID_PASSWORD = "INVALID_PASSWORD", Retry.NEVER, "The password was not changed."
    PUSH_OFF = "PUSH_OFF", Retry.NEVER, "This server sends no push notifications."
    CSRF_FAILED = "CSRF_FAILED", Retry.NEVER, "The request did not come from a page of this server."
    AUTHENTICATION_FAILED = "AUTHENTICATION_FAILED", Retry.SIGN_IN, "Sign in again."


class CloseCode(IntEnum):
    """WebSocket close codes. 4000-4499: do not come back by yourself. 4500-4999: come back with backoff.

    1009 (message too big) is sent by the web server itself for frames above 64 KiB.
    """

    BAD_FRAME = 4400
    AUTHENTICATION_FAILED = 4401
    FRAME_TOO_LARGE = 4413
    INTERNAL = 4500
    RESTARTING = 4503
    SILENT = 4504
    NO_HELLO = 4505
    SLOW_READER = 4508
    FLOOD = 4529
