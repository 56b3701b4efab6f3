"""What routes answer, described. Answers are written by hand (answer.py) and held against these models by the tests.
Import them from here."""

from chat.api.responses.base import Problem, Response
from chat.api.responses.files import FileAddress, Upload
from chat.api.responses.log import (
    Absence,
    Accepted,
    Attachment,
    Conversation,
    Conversations,
    Entry,
    History,
    Info,
    Member,
    Person,
    Revised,
)
from chat.api.responses.people import Device, Devices, Profile, PushKey, SignedIn, Token, User
from chat.api.responses.syncing import Acknowledged, Change, Changes, Position, RefusedAck, Reset, Run, Synced

__all__ = [
    "Absence",
    "Accepted",
    "Acknowledged",
    "Attachment",
    "Change",
    "Changes",
    "Conversation",
    "Conversations",
    "Device",
    "Devices",
    "Entry",
    "FileAddress",
    "History",
    "Info",
    "Member",
    "Person",
    "Position",
    "Problem",
    "Profile",
    "PushKey",
    "RefusedAck",
    "Reset",
    "Response",
    "Revised",
    "Run",
    "SignedIn",
    "Synced",
    "Token",
    "Upload",
    "User",
]
