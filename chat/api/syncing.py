"""What a device lacks, and what it says it has."""

from django.http import HttpRequest, HttpResponse
from ninja import Router

from chat.api.answer import told
from chat.api.identity import ANSWER_S, actor_of, asked_by
from chat.api.limits import read_within
from chat.api.requests import Acks, WhatIsMissing
from chat.api.responses import Acknowledged, Synced
from chat.delivery.acking import acknowledge
from chat.delivery.runtime import running
from chat.inbox.pull import pull
from chat.log.pool import bounded
from chat.protocol.frames import Sync

router = Router(tags=["Syncing"], by_alias=True)


@router.post("/sync", response=Synced, operation_id="sync")
@read_within
async def synchronize(request: HttpRequest, missing: WhatIsMissing) -> HttpResponse:
    """What is missing, newest conversations first, page by page: ask again with `next` while `has_more` is true, and
    whenever you want to know what is new. Nothing is taken for received because it was answered: acknowledge it."""
    runtime, asking = await running(), asked_by(request)
    asked = Sync(
        t="sync",
        point=missing.next,
        epoch=missing.epoch,
        positions=missing.positions,
        limit=missing.limit,
        media=missing.media,
    )
    answer = await bounded(pull(runtime.database, asking.user, asking.device, asked, runtime.places.threads), ANSWER_S)
    del answer["t"]
    return told(answer | {"next": answer.pop("point")})


@router.post("/acks", response=Acknowledged, operation_id="acknowledge")
async def acknowledge_all(request: HttpRequest, batch: Acks) -> HttpResponse:
    """DELIVERED: stored on this device for good; SEEN: its person has seen it; CHANGED: all edits and deletions up to
    that revision are stored. Cumulative ones are meant for most uses; single ones count as far as they leave no hole.
    The answer says where the device stands then, and which acknowledgements name what is not there."""
    done = await bounded(acknowledge(await running(), actor_of(request), batch.acks), ANSWER_S)
    return told({"positions": done.positions, "refused": done.refused})
