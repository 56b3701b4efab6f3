"""What an attachment is, and where it can be fetched, for a while."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from chat.api.answer import told
from chat.api.identity import ANSWER_S, asked_by
from chat.api.responses import FileAddress
from chat.delivery.runtime import running
from chat.log.access import Actor
from chat.log.pool import bounded
from chat.media import showing
from chat.protocol.frames import Id

router = Router(tags=["Attachments"], by_alias=True)


@router.get("/attachments/{attachment}", response=FileAddress, operation_id="getAttachment")
async def get_attachment(request: HttpRequest, attachment: Id) -> HttpResponse:
    """Of a message this person may see, or of their own upload. The addresses are good for ten minutes, for this
    device."""
    asking = asked_by(request)
    actor = Actor(asking.user, asking.device)
    shown = await bounded(showing.look((await running()).database, actor, attachment), ANSWER_S)
    return told(showing.described(shown, actor))
