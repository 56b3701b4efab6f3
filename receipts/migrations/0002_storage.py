"""Watermarks are hot rows: leave room on their pages, so that updates stay in place (HOT)."""

from django.db import migrations

HOT = (
    "ALTER TABLE receipts_watermark SET"
    " (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500)"
)
NOT_HOT = (
    "ALTER TABLE receipts_watermark RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold)"
)


class Migration(migrations.Migration):
    dependencies = [("receipts", "0001_initial")]

    operations = [migrations.RunSQL(HOT, NOT_HOT)]
