"""Codes of chat/protocol/errors.py as HTTP statuses, for every answer of the API: one table."""

from chat.protocol.errors import ErrorCode, Retry

STATUS = {
    ErrorCode.INVALID_REQUEST: 422,
    ErrorCode.INVALID_MESSAGE: 422,
    ErrorCode.INVALID_REPLY: 422,
    ErrorCode.INVALID_ATTACHMENT: 422,
    ErrorCode.INVALID_MENTION: 422,
    ErrorCode.INVALID_ACK: 422,
    ErrorCode.INVALID_SETTINGS: 422,
    ErrorCode.INVALID_PASSWORD: 422,
    ErrorCode.INVALID_ACCOUNT: 422,
    ErrorCode.INVALID_SUBSCRIPTION: 422,
    ErrorCode.BAD_POINT: 422,
    ErrorCode.SEARCH_TOO_BROAD: 422,
    ErrorCode.REFUSED_FILE: 422,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.PUSH_OFF: 404,
    ErrorCode.NOT_READY: 404,
    ErrorCode.USERNAME_TAKEN: 409,
    ErrorCode.IDEMPOTENCY_CONFLICT: 409,
    ErrorCode.WRONG_OFFSET: 409,
    ErrorCode.TOO_LATE: 409,
    ErrorCode.NOT_EXPIRED: 409,
    ErrorCode.GROUP_FULL: 409,
    ErrorCode.AUTHENTICATION_FAILED: 401,
    ErrorCode.CSRF_FAILED: 403,
    ErrorCode.UPLOAD_TOO_LARGE: 413,
    ErrorCode.QUOTA_EXCEEDED: 413,
    ErrorCode.UPLOAD_BUSY: 423,
    ErrorCode.NOT_ALLOWED: 403,
    ErrorCode.USER_BLOCKED: 403,
    ErrorCode.NOT_REACHABLE: 403,
    ErrorCode.SPAM: 403,
    ErrorCode.BLOCKS_FULL: 409,
    ErrorCode.RATE_LIMITED: 429,
    # The tus protocol's own.
    ErrorCode.CHECKSUM_MISMATCH: 460,
    ErrorCode.PREDECESSOR_MISSING: 503,
    ErrorCode.UNAVAILABLE: 503,
    ErrorCode.OVERLOADED: 503,
    ErrorCode.INTERNAL: 500,
}


def status_of(code: ErrorCode) -> int:
    """A code that is new and not in the table: by whether it may be repeated."""
    return STATUS.get(code, 503 if code.retry is Retry.LATER else 422)
