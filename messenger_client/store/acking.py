"""Acknowledgements that came: of one's own messages, that they are in the log; of others, how far they have got."""

from messenger_client.protocol import Frame
from messenger_client.replica import Doc
from messenger_client.store import log, outbox, roster
from messenger_client.store.journal import Journal
from messenger_client.store.log import Place


def take_accepted(journal: Journal, conv: str, acks: list[Frame]) -> Place | None:
    """An accepted message is an entry, at the place it was given. One that is not here any more was discarded, but it
    is in the log."""
    entries: list[Doc] = []
    for ack in acks:
        item = outbox.find(journal.db, ack["client_id"])
        if item is not None:
            entry = {"seq": ack["seq"], "id": ack["message_id"], "sender": journal.me, "client_id": item.client_id}
            entry |= {"body": item.body, "at": ack["timestamp"]}
            entry |= {"attachments": [file.told for file in item.files]} if item.files else {}
            entries.append(entry | ({} if item.reply_to is None else {"reply_to": item.reply_to}))
        elif log.own_seq(journal.db, journal.me, ack["client_id"]) is None:
            log.heard_of(journal.db, conv, ack["seq"])
    return log.take(journal, conv, entries)


def take_ticks(journal: Journal, acks: list[Frame]) -> list[Place]:
    """Where this device stands in conversations in which another one of this person has seen more."""
    mine: set[str] = set()
    for ack in acks:
        conv, who = ack["conv"], ack["sender_id"]
        if ack["type"] == "FAILED":
            roster.lapse(journal, conv, who, ack["lapsed"])
        elif ack["type"] in ("DELIVERED", "SEEN"):
            roster.raise_mark(journal, conv, who, ack["type"], ack["seq"])
            mine |= {conv} if who == journal.me else set()
    return [place for conv in sorted(mine) if (place := log.place(journal.db, conv)) is not None]
