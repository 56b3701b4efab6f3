"""Celery's share of delivery. Triggers without content: what there is to do stands in the database."""

import logging
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.db.models import Min
from django.utils import timezone

from chat.delivery.announce import announce
from chat.inbox import redelivery
from chat.metrics.tally import NUDGES, TASK_FAILURES
from chat.models import Change, Progress

logger = logging.getLogger(__name__)

# Web processes read back one minute; the rest is for an operator who wonders.
KEEP_CHANGES = timedelta(minutes=10)
KEEP_UNSWEPT = timedelta(days=1)
READS_CHANGES = [Progress.Work.REDELIVERY, Progress.Work.QUOTA]
PURGE_ROWS = 1_000
PURGE_BATCHES = 100


@shared_task(ignore_result=True)
def sweep() -> None:
    """Nudges devices that have not acknowledged what they were pushed."""
    try:
        nudges = redelivery.sweep()
    except (OperationalError, InterfaceError) as error:
        TASK_FAILURES.add(of="sweep")
        logger.warning("sweep put off: %s", type(error).__name__)
        return
    if nudges:
        NUDGES.add(len(nudges))
        _tell({"type": "nudges", "nudges": [[nudge.conv, nudge.device, nudge.head] for nudge in nudges]})


def _tell(event: dict[str, Any]) -> None:
    try:
        announce(event)
    except Exception as error:
        # A lost hint: whoever still owes is nudged again.
        logger.warning("nudges not published: %s", type(error).__name__)


@shared_task(ignore_result=True)
def prune_changes() -> None:
    """Drops old rows of the change table, a thousand at a time; none of the last day that no sweep has looked at."""
    now = timezone.now()
    done = Progress.objects.filter(work__in=READS_CHANGES).aggregate(upto=Min("upto"))["upto"]
    limit = min(now - KEEP_CHANGES, max(done or now, now - KEEP_UNSWEPT))
    for _ in range(PURGE_BATCHES):
        old = Change.objects.filter(at__lt=limit).order_by("id").values("id")[:PURGE_ROWS]
        if not Change.objects.filter(id__in=old).delete()[0]:
            return
