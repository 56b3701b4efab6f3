"""Finding messages and people, among all that the server has. Reached by `Client.search`."""

import json

from messenger_client import protocol
from messenger_client.engine import Engine
from messenger_client.model import Conversation, FoundMessages, Person
from messenger_client.protocol import Frame
from messenger_client.store import reading

PAGE = 20
REPEATED = ("q", "kind", "cursor")


class Search:
    """All raise Refused (SEARCH_TOO_BROAD, NOT_FOUND, BAD_FRAME) and Unavailable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def messages(
        self,
        query: str,
        *,
        conversation: Conversation | str | None = None,
        cursor: str | None = None,
        limit: int = PAGE,
    ) -> FoundMessages:
        """Those that have all words of `query`; `cursor`: `next` of the page before. They are not stored."""
        conv = conversation.id if isinstance(conversation, Conversation) else conversation
        frame = await self._ask(protocol.search("messages", query, conv, cursor, limit))
        hits = [(hit["conv"], hit["entry"]["seq"], json.dumps(hit["entry"])) for hit in frame["messages"]]
        found = await self._engine.database.run(lambda db: [reading.kept(db, self._engine.me, *hit) for hit in hits])
        return FoundMessages(tuple(found), frame["next"])

    async def people(self, query: str, *, cursor: str | None = None, limit: int = PAGE) -> list[Person]:
        """Of those one shares a conversation with, and whoever has exactly that username."""
        frame = await self._ask(protocol.search("people", query, None, cursor, limit))
        return [Person(each["id"], each["username"], each["name"]) for each in frame["people"]]

    async def _ask(self, question: Frame) -> Frame:
        """Of a question that was given up the answer may still come: it is another's."""
        while True:
            frame = await self._engine.requests.ask(question)
            if all(frame.get(name) == question.get(name) for name in REPEATED):
                return frame
