"""A person's conversations: the list, one of them, a new one and whom to have it with; that somebody types in one."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from chat.api.answer import nothing, told
from chat.api.identity import ANSWER_S, actor_of, asked_by
from chat.api.limits import Limits, read_within
from chat.api.requests import Direct
from chat.api.responses import Conversation, Conversations, User
from chat.delivery import acts
from chat.delivery.greeting import CONVERSATIONS_PAGE
from chat.delivery.runtime import Runtime, running
from chat.inbox import listing, sync
from chat.log import access
from chat.log.pool import bounded
from chat.log.refusal import Refusal
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import Id, Username
from chat.web.identity import Identity

router = Router(tags=["Conversations"], by_alias=True)

SHOWS_PRESENCE = "SELECT shows_presence FROM chat_user WHERE id = %s::uuid"

Limit = Annotated[int, Query(ge=1, le=CONVERSATIONS_PAGE)]
Next = Annotated[Id | None, Query(description="`next` of the page before.")]


@router.get("/conversations", response=Conversations, operation_id="listConversations")
@read_within
async def list_conversations(request: HttpRequest, limit: Limit = 50, next: Next = None) -> HttpResponse:  # noqa: A002
    """Newest first. What changed while one pages through is told by sync."""
    runtime, asking = await running(), asked_by(request)
    page = await bounded(listing.page(runtime.database, asking.user, asking.device, next, limit), ANSWER_S)
    return told({"conversations": [summary.frame() for summary in page.summaries], "next": page.next})


@router.get("/people", response=User, operation_id="findPerson")
async def find_person(request: HttpRequest, username: Annotated[Username, Query()]) -> HttpResponse:
    """Whoever has that username: their id, for what takes ids."""
    return told(await bounded(acts.find(await running(), actor_of(request), username), ANSWER_S))


@router.post("/conversations/direct", response={201: Conversation, 200: Conversation}, operation_id="openDirect")
async def open_direct(request: HttpRequest, direct: Direct) -> HttpResponse:
    """The 1:1 conversation with someone, made (201) if it is not there yet (200)."""
    runtime, asking = await running(), asked_by(request)
    found = await bounded(acts.open_direct(runtime, actor_of(request), direct.username), ANSWER_S)
    return await conversation(runtime, asking, found.conv, 201 if found.created else 200)


@router.get("/conversations/{conv}", response=Conversation, operation_id="getConversation")
async def get_conversation(request: HttpRequest, conv: Id) -> HttpResponse:
    """With its members, and how far each has got."""
    return await conversation(await running(), asked_by(request), conv)


@router.post("/conversations/{conv}/typing", response={204: None}, operation_id="type")
async def typing(request: HttpRequest, conv: Id) -> HttpResponse:
    """This person is writing something; every 3 seconds while it is so. May be lost, and is dropped when it comes more
    often."""
    runtime, asking = await running(), asked_by(request)
    asked = [(access.ACCESS, access.parameters(conv, asking.user)), (SHOWS_PRESENCE, [asking.user])]
    rows, switches = await bounded(runtime.database.many(asked), ANSWER_S)
    may = access.to_access(rows[0] if rows else None)
    if may is None:
        raise Refusal(ErrorCode.NOT_FOUND)
    if switches and switches[0][0] and Limits.of(runtime).may_type(asking.device):
        runtime.postman.typing_elsewhere(conv, may.members_rev, asking.user)
    return nothing()


async def conversation(runtime: Runtime, asking: Identity, conv: str, status: int = 200) -> HttpResponse:
    found = await bounded(sync.summaries(runtime.database, asking.user, asking.device, [conv]), ANSWER_S)
    if not found:
        raise Refusal(ErrorCode.NOT_FOUND)
    return told(found[0].frame(), status)
