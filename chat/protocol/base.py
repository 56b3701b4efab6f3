"""What the frames are made of: the model all of them are, and the kinds of values that most of them hold."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

MAX_SEQ = 2**63 - 1
# The last of the year 9999.
MAX_TIME = 253_402_300_799_999
DEFAULT_MEMBERS_PAGE, MAX_MEMBERS_PAGE = 100, 500

ID_PATTERN = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_UUID = re.compile(ID_PATTERN)
# Composite device_counter_millis, ULID, UUID and Snowflake all fit; the server never looks inside.
CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:\-]{0,63}")


def is_uuid(value: str) -> str:
    if not _UUID.fullmatch(value):
        raise ValueError("not a lower-case UUID")
    return value


def is_client_id(value: str) -> str:
    if not CLIENT_ID.fullmatch(value):
        raise ValueError("1 to 64 characters of A-Z a-z 0-9 _ . : -, a letter or digit first")
    return value


def has_no_nul(value: str) -> str:
    if "\x00" in value:
        raise ValueError("holds a NUL character")
    return value


def is_storable(value: str) -> str:
    if not value.strip():
        raise ValueError("empty")
    return has_no_nul(value)


def shown_as(pattern: str, **more: Any) -> WithJsonSchema:
    """In documents for programs; the rule is the validator."""
    return WithJsonSchema({"type": "string", "pattern": pattern} | more)


Id = Annotated[str, AfterValidator(is_uuid), shown_as(f"^{_UUID.pattern}$")]
ClientId = Annotated[str, AfterValidator(is_client_id), shown_as(f"^{CLIENT_ID.pattern}$")]
Seq = Annotated[int, Field(ge=1, le=MAX_SEQ)]

Username = Annotated[str, StringConstraints(min_length=1, max_length=150), AfterValidator(has_no_nul)]
Time = Annotated[int, Field(ge=0, le=MAX_TIME)]
MembersPage = Annotated[int, Field(ge=1, le=MAX_MEMBERS_PAGE)]


class Frame(BaseModel):
    """Frozen, strict (no "5" for 5), unknown fields ignored."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")
