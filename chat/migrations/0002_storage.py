"""What Django's models cannot say: the transaction id of change rows, room for HOT updates, an audit log that is only
appended to, the first epoch."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# A hot row is updated in place of its page only while the page has room (HOT); vacuum keeps making it.
HOT = "ALTER TABLE {} SET (fillfactor = {}, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500)"
NOT_HOT = "ALTER TABLE {} RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold)"

# Writing transaction's id, by itself: see chat/log/changes.py.
ADD_XID = """
ALTER TABLE chat_change ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX chat_change_xid ON chat_change (xid);
CREATE INDEX chat_change_at ON chat_change (at);
"""

# Against mistakes and against whoever has the application's statements alone. Who owns the table can switch it off:
# what they do then shows by the chain (chat/policy/audit.py).
APPEND_ONLY = """
CREATE FUNCTION chat_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only appended to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER chat_audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON chat_auditentry
FOR EACH STATEMENT EXECUTE FUNCTION chat_audit_refuse();
"""
NOT_APPEND_ONLY = """
DROP TRIGGER chat_audit_append_only ON chat_auditentry;
DROP FUNCTION chat_audit_refuse();
"""

# Words of messages and the block of the log they are in: see chat/log/search.py. What is new waits in the index's list
# until a task sorts it in (chat/tasks.py), so that nobody who sends has to; without one a list of 64 MB would be.
ADD_SEARCH = """
CREATE INDEX chat_message_search ON chat_message USING gin (
    to_tsvector('simple', body), (ARRAY[uuid_hash_extended(conversation_id, seq >> 10)])
) WITH (fastupdate = on, gin_pending_list_limit = 65536) WHERE body <> '';
"""


def first_epoch(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("chat", "Epoch").objects.create()


class Migration(migrations.Migration):
    dependencies = [("chat", "0001_initial")]

    operations = [
        migrations.RunSQL(ADD_XID, "ALTER TABLE chat_change DROP COLUMN xid; DROP INDEX chat_change_at"),
        migrations.RunSQL(HOT.format("chat_conversation", 50), NOT_HOT.format("chat_conversation")),
        migrations.RunSQL(HOT.format("chat_inbox", 60), NOT_HOT.format("chat_inbox")),
        # Its last_seen_at: whenever a socket ends, and every few minutes.
        migrations.RunSQL(HOT.format("chat_device", 80), NOT_HOT.format("chat_device")),
        migrations.RunSQL(APPEND_ONLY, NOT_APPEND_ONLY),
        migrations.RunSQL(ADD_SEARCH, "DROP INDEX chat_message_search"),
        migrations.RunPython(first_epoch, migrations.RunPython.noop),
    ]
