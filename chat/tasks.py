"""Celery's share of delivery. Triggers without content: what there is to do stands in the database."""

import logging
import time
from datetime import timedelta
from typing import Any

from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from chat.delivery.announce import announce
from chat.inbox import redelivery
from chat.models import Change, Sweep
from chat.wakeup import registry
from chat.wakeup.dispatch import BATCH, dispatch

logger = logging.getLogger(__name__)

# Web processes read back one minute; the rest is for an operator who wonders.
KEEP_CHANGES = timedelta(minutes=10)
KEEP_UNSWEPT = timedelta(days=1)
PURGE_ROWS = 1_000
# Beat asks every second; no longer than that while there is more than a batch.
WAKE_S = 0.9
PURGE_BATCHES = 100


@shared_task(ignore_result=True)
def sweep() -> None:
    """Nudges devices that have not acknowledged what they were pushed."""
    try:
        nudges = redelivery.sweep()
    except (OperationalError, InterfaceError) as error:
        logger.warning("sweep put off: %s", type(error).__name__)
        return
    if nudges:
        _tell({"type": "nudges", "nudges": [[nudge.conv, nudge.device, nudge.head] for nudge in nudges]})


def _tell(event: dict[str, Any]) -> None:
    try:
        announce(event)
    except Exception as error:
        # A lost hint: whoever still owes is nudged again.
        logger.warning("nudges not published: %s", type(error).__name__)


@shared_task(ignore_result=True)
def wake() -> None:
    """Sends what is due to push services; a queue and a worker of its own, so that a slow one delays nothing else."""
    if not registry.is_on():
        return
    end = time.monotonic() + WAKE_S
    try:
        while dispatch() == BATCH and time.monotonic() < end:
            pass
    except (OperationalError, InterfaceError) as error:
        # What was claimed is due again when its lease is over.
        logger.warning("wake-ups put off: %s", type(error).__name__)


@shared_task(ignore_result=True)
def prune_changes() -> None:
    """Drops old rows of the change table, a thousand at a time; none of the last day that no sweep has looked at."""
    now = timezone.now()
    swept = Sweep.objects.first()
    limit = min(now - KEEP_CHANGES, max(swept.upto if swept else now, now - KEEP_UNSWEPT))
    for _ in range(PURGE_BATCHES):
        old = Change.objects.filter(at__lt=limit).order_by("id").values("id")[:PURGE_ROWS]
        if not Change.objects.filter(id__in=old).delete()[0]:
            return
