"""Whom one wants to hear nothing from, and what a moderator should see. Reached by `Client.safety`."""

from messenger_client.engine import Engine
from messenger_client.ids import uuid7
from messenger_client.model import Conversation, Message, Person
from messenger_client.protocol import Frame


class Safety:
    """All raise Refused (NOT_FOUND, BLOCKS_FULL…) and Unavailable; after Unavailable ask again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def block(self, person: Person) -> None:
        """Neither writes in the 1:1 conversation any more (sends are refused: USER_BLOCKED), nor learns whether the
        other is online. Groups stay as they are. Again with the same changes nothing."""
        await self._ask({"t": "block", "user": person.id})

    async def unblock(self, person: Person) -> None:
        await self._ask({"t": "unblock", "user": person.id})

    async def blocked(self) -> list[Person]:
        """Whom one has blocked oneself, in order of their usernames."""
        frame = await self._ask({"t": "blocks"})
        return [Person(each["id"], each["username"], each["name"]) for each in frame["people"]]

    async def report(
        self,
        what: Message | Conversation | str,
        reason: str,
        *,
        person: Person | None = None,
        note: str = "",
        client_id: str = "",
    ) -> None:
        """To the moderators, with a copy of what stands around it. `what`: a message, or a conversation: then `person`,
        or the other one of a 1:1. `reason`: "spam", "abuse", "illegal", "other". `client_id`: the same one is the same
        report, however often it is made; by default each call is tried once."""
        frame: Frame = {"t": "report", "client_id": client_id or uuid7(), "reason": reason, "note": note}
        match what:
            case Message():
                frame |= {"conv": what.conversation_id, "seq": what.seq}
            case Conversation():
                frame["conv"] = what.id
            case _:
                frame["conv"] = what
        if person is not None:
            frame["user"] = person.id
        await self._ask(frame)

    async def _ask(self, frame: Frame) -> Frame:
        return await self._engine.requests.ask(frame)
