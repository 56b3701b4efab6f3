"""Of uploads and attachments."""

from chat.api.responses.base import Response
from chat.api.responses.log import Attachment
from chat.protocol.frames import Id


class Upload(Response):
    """`offset`: where it goes on; `attachment`: what it is, null until it is complete."""

    id: Id
    offset: int
    length: int
    attachment: Attachment | None


class FileAddress(Attachment):
    """`url`, `thumbnail_url`: where it can be fetched until `expires_at` (milliseconds since 1970), by this device;
    `thumbnail_url` null: there is none."""

    url: str
    thumbnail_url: str | None
    expires_at: int
