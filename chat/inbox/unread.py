"""Unread is derived, never counted along: others' messages above the seen watermark that are there for a person, not
deleted for all or for themselves, up to 1,000.

Counted span by span of what they may read, from the newest down: what lies between two stays, or expired, is passed
over. For someone who writes far more than they read the newest ten thousand entries are looked at.
"""

# Of a conversation `c`, an open stay `s`, and `r.reached`, the seen watermark or the floor.
UNREAD = """
(SELECT count(*) FROM (
    SELECT FROM (
        SELECT u.seq, u.sender_id, u.is_none FROM (
            SELECT unnest(
                (SELECT range_agg(int8range(y.visible_from_seq, y.left_seq + 1)) FROM chat_membership y
                 WHERE y.conversation_id = c.id AND y.user_id = s.user_id
                   AND (y.left_seq >= y.visible_from_seq OR y.left_seq IS NULL))
                * int8multirange(int8range(r.reached + 1, c.last_seq + 1))
                - coalesce((SELECT range_agg(int8range(l.from_seq, l.upto_seq + 1)) FROM receipts_lapse l
                            WHERE l.conversation_id = c.id AND l.user_id = s.user_id), '{}')) AS span
            ORDER BY 1 DESC) spans
        CROSS JOIN LATERAL (
            SELECT e.seq, e.sender_id, e.deleted_at IS NOT NULL OR e.event IS NOT NULL AS is_none FROM chat_message e
            WHERE e.conversation_id = c.id AND e.seq >= lower(span) AND e.seq < upper(span)
            ORDER BY e.seq DESC LIMIT 10000) u
        LIMIT 10000) u
    WHERE u.sender_id <> s.user_id AND NOT u.is_none
      AND NOT coalesce((SELECT range_agg(int8range(h.seq, h.seq + 1)) FROM chat_hidden h
                        WHERE h.conversation_id = c.id AND h.user_id = s.user_id AND h.seq > r.reached) @> u.seq, false)
    LIMIT 1000) unread)
"""
