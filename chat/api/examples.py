"""An example of each request, and of what answers it, for the OpenAPI document. They run as tests: against a real
server, with its ids in the place of these (tests/acceptance/test_openapi.py)."""

from dataclasses import dataclass, field
from typing import Any

ALICE = "0199c1f0-5a00-7a11-8ce0-00000000a11c"
BOB = "0199c1f0-5a00-7b0b-8b0b-000000000b0b"
DEVICE = "0199c1f0-5b00-7de0-81ce-0000000de51c"
CONV = "0199c1f0-6b00-7c0e-8f00-0000000c0e5a"
MESSAGE = "0199c1f0-7c00-7e00-8000-00000000002b"
FILE = "0199c1f0-7d00-7f11-8e00-0000000f11e5"
EPOCH = "0199c1f0-0000-7000-8000-0000000e90c4"
LINK = "0199c1f0-6b00-7a0e-8f00-00000000117e"
TOKEN = "h6Fz9mV2wq3XkT0bYc8RjL5uN1oPs7dA4eGiKxZtQvE"  # noqa: S105
POINT = "eJxjZGRgAAAADQAE"
PASSWORD = "correct horse battery staple"  # noqa: S105
AT = 1_790_000_000_456
ORIGIN = "a11cede51ce0_17_1790000000000"

TUS = {"Tus-Resumable": "1.0.0"}

_file = {"id": FILE, "name": "hello.txt", "type": "text/plain", "size": 11}
_user = {"id": ALICE, "username": "alice", "name": "Alice Archer"}
_signed_in = {"device_id": DEVICE, "token": TOKEN, "user": _user}
_profile = _user | {"email": "", "read_receipts": True, "shows_presence": True, "writers": "everyone"}
_entry = {
    "seq": 1,
    "id": MESSAGE,
    "sender": ALICE,
    "client_id": ORIGIN,
    "body": "Shall we meet at six?",
    "at": AT,
}
_accepted = {
    "type": "ACCEPTED",
    "conv": CONV,
    "client_id": ORIGIN,
    "message_id": MESSAGE,
    "seq": 1,
    "timestamp": AT,
    "sender_id": ALICE,
    "durability": "local",
}
_members = [
    _user | {"role": "member", "stays": [[1, None]], "delivered": 1, "seen": 1},
    {"id": BOB, "username": "bob", "name": "Bob Brandt", "role": "member"}
    | {"stays": [[1, None]], "delivered": 1, "seen": 0},
]
_conversation = {
    "id": CONV,
    "kind": "direct",
    "title": None,
    "picture": None,
    "members": _members,
    "count": 2,
    "members_rev": 1,
    "adding": None,
    "history": None,
    "muted_until": None,
    "head": 1,
    "rev": 0,
    "received": 1,
    "received_rev": 0,
    "start": 1,
    "seen": 0,
    "unread": 1,
    "last": _entry,
}
_made = {
    "seq": 1,
    "id": MESSAGE,
    "sender": ALICE,
    "client_id": "a11cede51ce0_19_1790000000950",
    "at": AT,
    "event": {"type": "created", "title": "Picnic", "count": 2},
}
_group = {
    **_conversation,
    "kind": "group",
    "title": "Picnic",
    "members": [_members[0] | {"role": "owner", "delivered": 0, "seen": 0}, _members[1] | {"delivered": 0}],
    "adding": "admins",
    "history": "joining",
    "received": 0,
    "unread": 0,
    "last": _made,
}
_group_changed = {"conv": CONV, "members_rev": 2}
_link = {"id": LINK, "expires_at": AT + 86_400_000, "max_uses": 20}
_history = {"conv": CONV, "from": 1, "to": 1, "entries": [_entry], "absent": [], "as_of_rev": 0}
_person = {"id": BOB, "username": "bob", "name": "Bob Brandt"}
_times = {"expired_at": None, "delivered_at": AT + 44, "seen_at": None}
_push = {"p256dh": "BEl62iUYgUivxIkv69yViEuiBIa-Ib9-SkvMeAtA3LFgDzkrxZJjSgSnfckjBJuBkr3qBUYIHBQFLXYp5Nksh8U"}


@dataclass(frozen=True, slots=True)
class Example:
    """`body`: the request's; `answer`: the first success's; None: there is none. `content`: a body that is no JSON."""

    body: dict[str, Any] | None = None
    answer: dict[str, Any] | None = None
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    content: str = ""


EXAMPLES = {
    "signUp": Example(
        {"username": "alice", "password": PASSWORD, "name": "Alice Archer", "device": "Alice's phone"}, _signed_in
    ),
    "signIn": Example({"username": "alice", "password": PASSWORD, "name": "Alice's phone"}, _signed_in),
    "listDevices": Example(
        answer={
            "devices": [
                {"id": DEVICE, "name": "Alice's phone", "created_at": AT, "last_seen_at": None, "is_this": True}
            ]
        }
    ),
    "rotateToken": Example(answer={"token": TOKEN}),
    "signOut": Example(),
    "revokeDevice": Example(),
    "revokeOtherDevices": Example(),
    "getProfile": Example(answer=_profile),
    "changeProfile": Example(
        {"name": "Alice Archer", "read_receipts": True, "writers": "acquainted"}, _profile | {"writers": "acquainted"}
    ),
    "setEmail": Example({"email": "alice@example.org", "password": PASSWORD}),
    "exportData": Example(),
    "deleteAccount": Example({"password": PASSWORD}),
    "changePassword": Example({"old": PASSWORD, "new": "another horse, another staple"}),
    "getPushKey": Example(answer={"key": _push["p256dh"]}),
    "subscribe": Example(
        {
            "endpoint": "https://fcm.googleapis.com/fcm/send/device",
            "keys": _push | {"auth": "tBHItJI5svbpez7KI4CCXg"},
        }
    ),
    "unsubscribe": Example(),
    "listBlocks": Example(answer={"people": [_person | {"blocked_at": AT}]}),
    "block": Example(),
    "unblock": Example(),
    "report": Example({"client_id": ORIGIN, "conv": CONV, "user": BOB, "reason": "abuse", "note": "Every night."}),
    "listConversations": Example(answer={"conversations": [_conversation], "next": None}, query={"limit": 50}),
    "findPerson": Example(answer=_person, query={"username": "bob"}),
    "openDirect": Example({"username": "bob"}, _conversation | {"head": 0, "received": 0, "unread": 0, "last": None}),
    "getConversation": Example(answer=_conversation),
    "type": Example(),
    "readHistory": Example(answer=_history, query={"limit": 50}),
    "sendMessage": Example({"client_id": ORIGIN, "body": "Shall we meet at six?"}, _accepted),
    "editMessage": Example({"body": "Shall we meet at seven?"}, {"conv": CONV, "seq": 1, "rev": 1}),
    "deleteMessage": Example(answer={"conv": CONV, "seq": 1, "rev": 2}, query={"for": "all"}),
    "uploadOptions": Example(),
    "oneUploadOptions": Example(),
    "createUpload": Example(
        headers=TUS | {"Upload-Length": "11", "Upload-Metadata": "filename aGVsbG8udHh0,client_id YTExY2VfMTlfMA=="}
    ),
    "headUpload": Example(headers=TUS),
    "continueUpload": Example(
        headers=TUS | {"Upload-Offset": "0", "Upload-Checksum": "sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek="},
        content="hello world",
    ),
    "getUpload": Example(answer={"id": FILE, "offset": 11, "length": 11, "attachment": _file}),
    "getAttachment": Example(
        answer=_file
        | {"url": f"/files/{FILE}?key=WyIwMTk5:1vPz:Q3kS", "thumbnail_url": None, "expires_at": AT + 600_000}
    ),
    "deleteUpload": Example(headers=TUS),
    "resendMessage": Example({"client_id": "a11cede51ce0_18_1790000000900"}, _accepted | {"seq": 2}),
    "messageInfo": Example(
        answer={"conv": CONV, "seq": 1, "people": [_person | _times], "next": None}, query={"limit": 100}
    ),
    "search": Example(
        answer={"messages": [{"conv": CONV, "entry": _entry}], "people": [], "next": None},
        query={"q": "meet six", "limit": 20},
    ),
    "createGroup": Example({"client_id": "a11cede51ce0_19_1790000000950", "title": "Picnic", "users": [BOB]}, _group),
    "changeGroup": Example({"title": "Picnic on Sunday", "history": "all"}, _group_changed),
    "listMembers": Example(
        answer={"conv": CONV, "members_rev": 1, "count": 2, "members": _group["members"], "next": None},
        query={"limit": 100},
    ),
    "addMembers": Example({"users": [BOB]}, _group_changed),
    "removeMember": Example(answer=_group_changed),
    "giveRole": Example({"role": "admin"}, _group_changed),
    "leaveGroup": Example(answer=_group_changed),
    "mute": Example({"until": AT + 28_800_000}),
    "listInvites": Example(answer={"links": [_link | {"creator": ALICE, "created_at": AT, "uses": 3}]}),
    "invite": Example({"expires_at": 253_000_000_000_000, "max_uses": 20}, _link | {"conv": CONV, "token": TOKEN}),
    "revokeInvite": Example(),
    "previewInvite": Example({"token": TOKEN}, {"title": "Picnic", "count": 2}),
    "join": Example({"token": TOKEN}, _group),
    "sync": Example(
        {"limit": 50},
        {
            "epoch": EPOCH,
            "conversations": [_conversation],
            "gone": [],
            "resets": [],
            "messages": [{"conv": CONV, "entries": [_entry], "absent": []}],
            "changes": [],
            "unconfirmed": [],
            "has_more": False,
            "next": POINT,
        },
    ),
    "acknowledge": Example(
        {
            "acks": [
                {"type": "DELIVERED", "conv": CONV, "seq": 1, "cumulative": True},
                {"type": "SEEN", "conv": CONV, "seq": 1, "cumulative": True},
            ]
        },
        {"positions": [{"conv": CONV, "received": 1, "rev": 0, "seen": 1}], "refused": []},
    ),
}

PATHS = {
    "conv": CONV,
    "seq": 1,
    "device_id": DEVICE,
    "upload": FILE,
    "attachment": FILE,
    "user": BOB,
    "link": LINK,
}
