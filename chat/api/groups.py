"""Groups: making and changing one, who is in it, and the links by which people join."""

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from chat.api.answer import nothing, told
from chat.api.conversations import conversation
from chat.api.identity import ANSWER_S, actor_of, asked_by
from chat.api.limits import read_within
from chat.api.requests import Muting, NewMembers, NewRole, Token
from chat.api.responses import Conversation, GroupChanged, Link, Links, Members, Preview
from chat.delivery import group_acts
from chat.delivery.runtime import running
from chat.log import invites
from chat.log.pool import bounded
from chat.protocol.frames import DEFAULT_MEMBERS_PAGE, MAX_MEMBERS_PAGE, Id, Username
from chat.protocol.group_frames import (
    Add,
    AskMembers,
    ChangeGroup,
    GiveRole,
    GroupChange,
    Invite,
    Leave,
    NewGroup,
    NewInvite,
    Remove,
)

router = Router(tags=["Groups"], by_alias=True)

Limit = Annotated[int, Query(ge=1, le=MAX_MEMBERS_PAGE)]
After = Annotated[Username | None, Query(description="`next` of the page before.")]


@router.post("/groups", response={201: Conversation, 200: Conversation}, operation_id="createGroup")
async def create_group(request: HttpRequest, group: NewGroup) -> HttpResponse:
    """One's own, with `users` in it: 201 the first time, and 200 with the same group whenever the same client_id is
    sent again. After an answer that was lost, or a 503, send it again."""
    runtime, asking = await running(), asked_by(request)
    made = await bounded(group_acts.create(runtime, actor_of(request), group), ANSWER_S)
    return await conversation(runtime, asking, made.conv, 200 if made.head is None else 201)


@router.patch("/groups/{conv}", response=GroupChanged, operation_id="changeGroup")
async def change_group(request: HttpRequest, conv: Id, change: GroupChange) -> HttpResponse:
    """Its title, its picture, and its rules: by owner and admins."""
    return await _changed(request, ChangeGroup(t="group", conv=conv, **change.model_dump()))


@router.get("/conversations/{conv}/members", response=Members, operation_id="listMembers")
@read_within
async def list_members(
    request: HttpRequest, conv: Id, after: After = None, limit: Limit = DEFAULT_MEMBERS_PAGE
) -> HttpResponse:
    """In order of their usernames, page by page, with how far each has got."""
    asked = AskMembers(t="members", conv=conv, after=after, limit=limit)
    return told(await bounded(group_acts.members(await running(), asked_by(request).user, asked), ANSWER_S))


@router.post("/conversations/{conv}/members", response=GroupChanged, operation_id="addMembers")
async def add_members(request: HttpRequest, conv: Id, new: NewMembers) -> HttpResponse:
    """By owner and admins, or by everyone where the group says so. Who is in it already stays."""
    return await _changed(request, Add(t="add", conv=conv, users=new.users))


@router.delete("/conversations/{conv}/members/{user}", response=GroupChanged, operation_id="removeMember")
async def remove_member(request: HttpRequest, conv: Id, user: Id) -> HttpResponse:
    """An owner anyone, an admin members. Only being added brings them back."""
    return await _changed(request, Remove(t="remove", conv=conv, user=user))


@router.put("/conversations/{conv}/members/{user}/role", response=GroupChanged, operation_id="giveRole")
async def give_role(request: HttpRequest, conv: Id, user: Id, new: NewRole) -> HttpResponse:
    """Admins are made by owner and admins, and unmade by the owner, who alone passes the group on."""
    return await _changed(request, GiveRole(t="role", conv=conv, user=user, role=new.role))


@router.post("/conversations/{conv}/leave", response=GroupChanged, operation_id="leaveGroup")
async def leave_group(request: HttpRequest, conv: Id) -> HttpResponse:
    """When the owner goes, the admin who is there longest, or else the member, becomes it."""
    return await _changed(request, Leave(t="leave", conv=conv))


@router.put("/conversations/{conv}/mute", response={204: None}, operation_id="mute")
async def mute(request: HttpRequest, conv: Id, muting: Muting) -> HttpResponse:
    """No wake-ups until then, but for mentions. What comes is delivered all the same."""
    await bounded(group_acts.mute(await running(), actor_of(request), conv, muting.until), ANSWER_S)
    return nothing()


@router.get("/conversations/{conv}/invites", response=Links, operation_id="listInvites")
async def list_invites(request: HttpRequest, conv: Id) -> HttpResponse:
    """The links that let people in, without their tokens: to owner and admins."""
    return told({"links": await bounded(group_acts.links(await running(), actor_of(request), conv), ANSWER_S)})


@router.post("/conversations/{conv}/invites", response={201: Link}, operation_id="invite")
async def invite(request: HttpRequest, conv: Id, new: NewInvite) -> HttpResponse:
    """A link to join by. Whoever knows its token gets in, until it ends; its token is shown this once."""
    frame = Invite(t="invite", conv=conv, expires_at=new.expires_at, max_uses=new.max_uses)
    return told(await bounded(group_acts.invite(await running(), actor_of(request), frame), ANSWER_S), 201)


@router.delete("/conversations/{conv}/invites/{link}", response={204: None}, operation_id="revokeInvite")
async def revoke_invite(request: HttpRequest, conv: Id, link: Id) -> HttpResponse:
    """Nobody joins by it any more."""
    await bounded(group_acts.revoke(await running(), actor_of(request), conv, link), ANSWER_S)
    return nothing()


@router.post("/invites/preview", response=Preview, operation_id="previewInvite")
async def preview_invite(request: HttpRequest, link: Token) -> HttpResponse:
    """What one would join."""
    return told(
        await bounded(invites.preview((await running()).database, asked_by(request).user, link.token), ANSWER_S)
    )


@router.post("/invites/join", response=Conversation, operation_id="join")
async def join(request: HttpRequest, link: Token) -> HttpResponse:
    """Who is in it already stays. Not for whoever was removed."""
    runtime, asking = await running(), asked_by(request)
    joined = await bounded(group_acts.join(runtime, actor_of(request), link.token), ANSWER_S)
    return await conversation(runtime, asking, joined.conv)


async def _changed(request: HttpRequest, frame: ChangeGroup | Add | Remove | GiveRole | Leave) -> HttpResponse:
    done = await bounded(group_acts.change(await running(), actor_of(request), frame), ANSWER_S)
    return told({"conv": done.conv, "members_rev": done.members_rev})
