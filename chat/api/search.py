"""Finding messages and people."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from chat.api.answer import told
from chat.api.identity import ANSWER_S, actor_of
from chat.api.limits import read_within
from chat.api.responses import Found
from chat.delivery import searching
from chat.delivery.runtime import running
from chat.log.pool import bounded
from chat.protocol import frames
from chat.protocol.frames import DEFAULT_FOUND, MAX_FOUND, Id, SearchCursor, SearchKind

router = Router(tags=["Search"], by_alias=True)

Words = Annotated[frames.Query, Query(description="Up to 10 words, all of which are to be found.")]
Conversation = Annotated[Id | None, Query(description="Only messages of this one.")]
Cursor = Annotated[SearchCursor | None, Query(description="`next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=MAX_FOUND)]


@router.get("/search", response=Found, operation_id="search")
@read_within
async def search(
    request: HttpRequest,
    q: Words,
    kind: SearchKind = "messages",
    conversation: Conversation = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_FOUND,
) -> HttpResponse:
    """Messages of one's conversations, newest first: words of three letters and more begin a word of what is found,
    shorter ones are whole words of it. Or people: those one shares a conversation with, by any part of their names, and
    whoever has exactly that username. A page may be empty and yet have a `next`: the search goes on further back."""
    asked = frames.Search(t="search", q=q, kind=kind, conv=conversation, cursor=cursor, limit=limit)
    return told(await bounded(searching.search(await running(), actor_of(request), asked), ANSWER_S))
