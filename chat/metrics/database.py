"""Figures that stand in the database, read when somebody asks for /metrics: add a row to FIGURES to show one more.

Each is one statement that gives one number, or none when there is nothing to tell, and stays cheap with a million
inboxes: it follows a partial index and stops at MOST rows. All go in one exchange.
"""

from dataclasses import dataclass

# Rows looked at for one figure; a count that has reached it means "so many or more".
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Figure:
    """A gauge. `sql` is trusted text without parameters."""

    name: str
    help: str
    sql: str


_WATCHED = f"(SELECT * FROM chat_inbox WHERE next_attempt_at IS NOT NULL ORDER BY next_attempt_at LIMIT {MOST}) i"

FIGURES = (
    Figure(
        "messenger_inboxes_behind",
        f"Devices with entries to take from a conversation, while they are being nudged; counted up to {MOST}.",
        f"SELECT count(*) FROM {_WATCHED} JOIN chat_conversation c ON c.id = i.conversation_id"
        " WHERE i.received_seq < c.last_seq",
    ),
    Figure(
        "messenger_entries_waiting",
        "Entries those devices have yet to take.",
        f"SELECT coalesce(sum(c.last_seq - i.received_seq), 0)::bigint FROM {_WATCHED}"
        " JOIN chat_conversation c ON c.id = i.conversation_id WHERE i.received_seq < c.last_seq",
    ),
    Figure(
        "messenger_oldest_undelivered_seconds",
        "Age of the oldest entry those devices have yet to take; 0 when there is none.",
        f"SELECT coalesce(extract(epoch FROM max(now() - m.created_at)), 0)::float8 FROM {_WATCHED}"
        " CROSS JOIN LATERAL (SELECT created_at FROM chat_message WHERE conversation_id = i.conversation_id"
        " AND seq > i.received_seq ORDER BY seq LIMIT 1) m",
    ),
    Figure(
        "messenger_deliveries_stuck",
        f"Devices no longer nudged, all attempts used up; counted up to {MOST}.",
        "SELECT count(*) FROM (SELECT 1 FROM chat_inbox WHERE attempts > 0 AND next_attempt_at IS NULL"
        f" LIMIT {MOST}) stuck",
    ),
    Figure(
        "messenger_lapsed_ranges",
        "Ranges of entries that expired for someone before any device of theirs took them, by age or by number.",
        "SELECT coalesce(sum(count), 0)::bigint FROM chat_progress WHERE work IN ('expiry', 'quota')",
    ),
    Figure(
        "messenger_messages_removed",
        "Messages removed because history is kept only so long.",
        "SELECT coalesce(sum(count), 0)::bigint FROM chat_progress WHERE work = 'history'",
    ),
    Figure(
        "messenger_thumbnails_waiting",
        f"Pictures whose thumbnail is yet to be made; counted up to {MOST}.",
        f"SELECT count(*) FROM (SELECT 1 FROM chat_attachment WHERE thumbnail = 'wanted' LIMIT {MOST}) waiting",
    ),
    Figure(
        "messenger_files_to_remove",
        f"Files nobody can fetch any more that are yet to be removed; counted up to {MOST}.",
        f"SELECT count(*) FROM (SELECT 1 FROM chat_attachment WHERE state = 'dropped' LIMIT {MOST}) dropped",
    ),
    Figure(
        "messenger_thumbnails_age_seconds",
        "Since no picture wanted a thumbnail that could be made. Absent before the first time.",
        "SELECT extract(epoch FROM now() - upto)::float8 FROM chat_progress WHERE work = 'thumbnails'",
    ),
    Figure(
        "messenger_sweep_age_seconds",
        "Since the end of what the last sweep for late devices looked at. Absent before the first.",
        "SELECT extract(epoch FROM now() - upto)::float8 FROM chat_progress WHERE work = 'redelivery'",
    ),
)
