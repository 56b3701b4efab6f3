"""Messages: reading a conversation's history, sending into it, changing what was sent."""

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from chat.api.answer import told
from chat.api.identity import ANSWER_S, Asking, actor_of, asked_by
from chat.api.limits import read_within
from chat.api.problems import BadRequest
from chat.api.requests import Again, NewText
from chat.api.responses import Accepted, History, Info, Revised
from chat.api.threads import in_thread
from chat.delivery import acts, answers
from chat.delivery.reply import Reply
from chat.delivery.runtime import Runtime, running
from chat.inbox.horizons import Reset, pass_horizons
from chat.log.pool import bounded
from chat.log.refusal import Refusal, unless
from chat.metrics.web import SENDS
from chat.policy import decide
from chat.protocol.errors import ErrorCode
from chat.protocol.frames import (
    DEFAULT_MEMBERS_PAGE,
    MAX_MEMBERS_PAGE,
    MAX_RANGE,
    MAX_SEQ,
    Delete,
    Edit,
    Id,
    Message,
    Username,
)
from chat.protocol.frames import Info as AskInfo
from chat.quota.kinds import What
from chat.web.identity import Identity

router = Router(tags=["Messages"], by_alias=True)

HEAD = "SELECT last_seq FROM chat_conversation WHERE id = %s::uuid"

Seq = Annotated[int, Path(ge=1, le=MAX_SEQ)]
From = Annotated[int | None, Query(alias="from", ge=1, le=MAX_SEQ, description="This entry and those after it.")]
Before = Annotated[int | None, Query(ge=1, le=MAX_SEQ, description="Those before this entry.")]
Limit = Annotated[int, Query(ge=1, le=MAX_RANGE)]
People = Annotated[int, Query(ge=1, le=MAX_MEMBERS_PAGE)]
After = Annotated[Username | None, Query(description="`next` of the page before.")]


@router.get("/conversations/{conv}/messages", response=History, operation_id="readHistory")
@read_within
async def read_history(
    request: HttpRequest,
    conv: Id,
    from_seq: From = None,
    before: Before = None,
    limit: Limit = 50,
) -> HttpResponse:
    """Up to `limit` entries, ascending: onwards with `from`, backwards with `before`, without both the newest. The
    answer says which range it accounts for: each seq of it is an entry, or in an absence, or above the head. It may be
    a shorter one than was asked for where messages are long."""
    if from_seq is not None and before is not None:
        raise BadRequest(422, "Either `from` or `before`.")
    runtime, asking = await running(), asked_by(request)
    if from_seq is not None:
        reading = acts.stretch(runtime, asking.user, conv, from_seq, min(MAX_SEQ, from_seq + limit - 1))
    else:
        reading = _backwards(runtime, asking.user, conv, before or MAX_SEQ, limit)
    found = await bounded(reading, ANSWER_S)
    await _pass_expired(asking, conv, found)
    page = found.page
    told_of = {"entries": page.entries, "absent": page.absent, "as_of_rev": page.as_of_rev}
    return told({"conv": conv, "from": found.first, "to": found.last} | told_of)


async def _backwards(runtime: Runtime, user: str, conv: str, before: int, limit: int) -> acts.Stretch:
    rows = await runtime.database.rows(HEAD, [conv])
    last = min(before - 1, rows[0][0] if rows else 0)
    return await acts.stretch(runtime, user, conv, max(1, last - limit + 1), last, newest=True)


async def _pass_expired(asking: Identity, conv: str, found: acts.Stretch) -> None:
    """What is about to be told as expired the device is not owed any more: its cursor passes it by that, before its
    next acknowledgement could vouch for what it never had."""
    horizon = max((gap["to"] for gap in found.page.absent if gap["why"] == "expired"), default=0)
    if horizon:
        await in_thread(pass_horizons, asking.device, [Reset(conv, 0, horizon)])


@router.post(
    "/conversations/{conv}/messages",
    auth=Asking(recent=True),
    response={201: Accepted, 200: Accepted},
    operation_id="sendMessage",
)
async def send_message(request: HttpRequest, conv: Id, message: Message) -> HttpResponse:
    """In the log and on disk when it is answered: 201 the first time, and 200 with the same message_id, seq and
    timestamp whenever the same client_id is sent again. After an answer that was lost, or a 503, send it again."""
    runtime, actor = await running(), actor_of(request)
    if wait := runtime.quotas.take(What.SENDS, actor.user, actor.address):
        SENDS.add(of="retry")
        unless(wait)
    proposal = acts.proposal(message, conv, actor)
    reply = Reply()
    if not runtime.committer.submit(proposal, reply):
        SENDS.add(of="retry")
        raise Refusal(ErrorCode.UNAVAILABLE if runtime.stopping else ErrorCode.OVERLOADED)
    settled = await reply.wait()
    outcome = settled.outcome
    if isinstance(outcome, decide.Accepted):
        ack: dict[str, Any] = answers.answer(proposal, outcome, settled.durability)["ack"]
        return told(ack, 200 if outcome.duplicate else 201)
    raise Refusal(outcome.code if isinstance(outcome, decide.Refused | decide.Deferred) else ErrorCode.UNAVAILABLE)


@router.patch("/conversations/{conv}/messages/{seq}", response=Revised, operation_id="editMessage")
async def edit_message(request: HttpRequest, conv: Id, seq: Seq, text: NewText) -> HttpResponse:
    """One's own, for 15 minutes after it was sent unless the server has another time."""
    return await _change(request, Edit(t="edit", conv=conv, seq=seq, body=text.body))


@router.delete("/conversations/{conv}/messages/{seq}", response=Revised, operation_id="deleteMessage")
async def delete_message(
    request: HttpRequest, conv: Id, seq: Seq, whom: Annotated[Literal["me", "all"], Query(alias="for")]
) -> HttpResponse:
    """For oneself, or one's own for everyone, for 48 hours after it was sent unless the server has another time."""
    return await _change(request, Delete(t="delete", conv=conv, seq=seq, **{"for": whom}))


@router.post(
    "/conversations/{conv}/messages/{seq}/resend", response={201: Accepted, 200: Accepted}, operation_id="resendMessage"
)
async def resend_message(request: HttpRequest, conv: Id, seq: Seq, again: Again) -> HttpResponse:
    """One's own that expired before it was delivered: withdrawn, and sent anew under another client_id."""
    runtime, actor = await running(), actor_of(request)
    ack, fresh = await bounded(acts.resend(runtime, actor, conv, seq, again.client_id), ANSWER_S)
    return told(ack, 201 if fresh else 200)


@router.get("/conversations/{conv}/messages/{seq}/info", response=Info, operation_id="messageInfo")
@read_within
async def message_info(
    request: HttpRequest, conv: Id, seq: Seq, after: After = None, limit: People = DEFAULT_MEMBERS_PAGE
) -> HttpResponse:
    """Who has received and seen it, and when: in order of their usernames, page by page."""
    asked = AskInfo(t="info", conv=conv, seq=seq, after=after, limit=limit)
    return told(await bounded(acts.people(await running(), asked_by(request).user, asked), ANSWER_S))


async def _change(request: HttpRequest, frame: Edit | Delete) -> HttpResponse:
    rev = await bounded(acts.change(await running(), actor_of(request), frame), ANSWER_S)
    return told({"conv": frame.conv, "seq": frame.seq, "rev": rev})
