"""Whom one has blocked, and what moderators are told."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from chat.api.answer import nothing, told
from chat.api.identity import ANSWER_S, actor_of, asked_by
from chat.api.limits import read_within
from chat.api.responses import Blocks
from chat.delivery import safety_acts
from chat.delivery.runtime import running
from chat.log import blocking
from chat.log.pool import bounded
from chat.protocol.frames import Id
from chat.protocol.safety_frames import NewReport

router = Router(tags=["Blocking and reporting"], by_alias=True)


@router.get("/blocks", response=Blocks, operation_id="listBlocks")
@read_within
async def list_blocks(request: HttpRequest) -> HttpResponse:
    """In order of their usernames."""
    people = await bounded(blocking.blocked((await running()).database, asked_by(request).user), ANSWER_S)
    return told({"people": people})


@router.put("/blocks/{user}", response={204: None}, operation_id="block")
async def block(request: HttpRequest, user: Id) -> HttpResponse:
    """Nothing from this person in the 1:1 conversation any more, and nothing to them; neither learns whether the other
    is online. Groups are as before. Again with the same changes nothing."""
    await bounded(safety_acts.block(await running(), actor_of(request), user), ANSWER_S)
    return nothing()


@router.delete("/blocks/{user}", response={204: None}, operation_id="unblock")
async def unblock(request: HttpRequest, user: Id) -> HttpResponse:
    """Whoever was not blocked is as before."""
    await bounded(safety_acts.unblock(await running(), actor_of(request), user), ANSWER_S)
    return nothing()


@router.post("/reports", response={204: None}, operation_id="report")
async def report(request: HttpRequest, new: NewReport) -> HttpResponse:
    """A person (of a 1:1 conversation the other one, if none is named) or an entry, to the moderators, who get a copy
    of what stands around it. The same client_id again is the same report."""
    await bounded(safety_acts.report(await running(), actor_of(request), new), ANSWER_S)
    return nothing()
