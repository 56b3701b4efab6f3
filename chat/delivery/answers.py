"""What the sender of a message is told about it: one check, a refusal, or "once more, please"; and of any other frame
what is wrong with it."""

import time
from typing import Any

from chat.policy.decide import Accepted, Deferred, Outcome, Proposal, Refused
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import Entry

# Before a retryable send is worth repeating, in milliseconds.
RETRY_AFTER_MS = {ErrorCode.PREDECESSOR_MISSING: 0, ErrorCode.UNAVAILABLE: 500, ErrorCode.OVERLOADED: 1_000}


def answer(send: Proposal, outcome: Outcome, durability: str) -> dict[str, Any]:
    """{"t": "ack", "ack": …} to be gathered into one frame with others, or a whole `retry` frame."""
    if isinstance(outcome, Accepted):
        stored = outcome.entry
        told = _accepted(send.conv, send.sender, send.client_id, stored.message_id, stored.seq, stored.at, durability)
        return {"t": "ack", "ack": told}
    if isinstance(outcome, Refused):
        return {"t": "ack", "ack": rejected(send.conv, send.client_id, send.sender, outcome.code)}
    code = outcome.code if isinstance(outcome, Deferred) else ErrorCode.UNAVAILABLE
    return retry(send.conv, send.client_id, code)


def accepted(conv: str, entry: Entry, durability: str) -> dict[str, Any]:
    """Of an entry that did not come through the committer."""
    return _accepted(conv, entry["sender"], entry["client_id"], entry["id"], entry["seq"], entry["at"], durability)


def _accepted(
    conv: str, sender: str, client_id: str, message_id: str, seq: int, at: int, durability: str
) -> dict[str, Any]:
    return {
        "type": "ACCEPTED",
        "conv": conv,
        "client_id": client_id,
        "message_id": message_id,
        "seq": seq,
        "timestamp": at,
        "sender_id": sender,
        "durability": durability,
    }


def rejected(conv: str, client_id: str, sender: str, code: ErrorCode) -> dict[str, Any]:
    """Never to be repeated by itself."""
    return {
        "type": "REJECTED",
        "conv": conv,
        "client_id": client_id,
        "timestamp": time.time_ns() // 1_000_000,
        "sender_id": sender,
        "error_code": code.value,
        "error_text": code.text,
    }


def retry(conv: str, client_id: str, code: ErrorCode, after_ms: int | None = None) -> dict[str, Any]:
    """Nothing is wrong with the send: again, with the same client_id."""
    return {
        "t": "retry",
        "client_id": client_id,
        "conv": conv,
        "error_code": code.value,
        "error_text": code.text,
        "retry_after_ms": RETRY_AFTER_MS.get(code, 500) if after_ms is None else after_ms,
    }


def error(code: ErrorCode, text: str = "", ref: dict[str, str] | None = None, after_ms: int = 0) -> dict[str, Any]:
    """Of anything but a send. `ref`: what of the frame at fault is repeated."""
    frame = {
        "t": "error",
        "code": code.value,
        "text": text or code.text,
        "retryable": code.retry.value == "later",
        "retry_after_ms": after_ms,
    }
    return frame | ({"ref": ref} if ref else {})
