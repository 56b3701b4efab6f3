"""Celery's share of delivery. Triggers without content: what there is to do stands in the database."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models import Min
from django.utils import timezone
from redis.exceptions import RedisError

from chat.delivery.announce import hint
from chat.inbox import media, redelivery, retention
from chat.inbox import purge as history
from chat.log.mailing import send_reset
from chat.media import thumbnails
from chat.media.sweep import tidy as tidy_files
from chat.metrics.tally import NUDGES, TASK_FAILURES
from chat.models import Change, Opening, Progress
from chat.wakeup import registry
from chat.wakeup.claims import BATCH
from chat.wakeup.dispatch import dispatch
from receipts.flush import Flusher, connect
from receipts.ledger import Applied

logger = logging.getLogger(__name__)

# Web processes read back one minute; the rest is for an operator who wonders.
KEEP_CHANGES = timedelta(minutes=10)
KEEP_UNSWEPT = timedelta(days=1)
READS_CHANGES = [Progress.Work.REDELIVERY, Progress.Work.QUOTA, Progress.Work.MEDIA]
PURGE_ROWS = 1_000
# Beat asks every second; no longer than that while there is more than a batch.
WAKE_S = 0.9
PURGE_BATCHES = 100
# Beat asks every five seconds, and whoever completes an upload at once.
DRAW_S = 4.5
# A claim that another worker is at is waited for this long before expiry is put off.
SETTLE_S = 5.0
MAIL_AGAIN_S = 20


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
        hint({"type": "nudges", "nudges": [[nudge.conv, nudge.device, nudge.head] for nudge in nudges]})


@shared_task(ignore_result=True, bind=True, max_retries=5)
def mail_reset(self: Any, email: str, address: str, language: str) -> None:
    """The one task with content: what was typed, for the mail it may be about. Nothing of it is logged."""
    try:
        send_reset(email, address, language)
    except (OSError, OperationalError, InterfaceError) as error:
        logger.warning("mail put off: %s", type(error).__name__)
        # Without the cause, which may quote an address.
        raise self.retry(countdown=MAIL_AGAIN_S, exc=RuntimeError("no mail sent")) from None


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
def draw() -> None:
    """Makes the thumbnails that are wanted. A queue and a worker of its own: pictures take their time."""
    end = time.monotonic() + DRAW_S
    try:
        while thumbnails.draw_next():
            if time.monotonic() >= end:
                return
        thumbnails.all_done()
    except (OperationalError, InterfaceError, OSError) as error:
        # What was claimed is due again when its lease is over.
        TASK_FAILURES.add(of="draw")
        logger.warning("thumbnails put off: %s", type(error).__name__)


@shared_task(ignore_result=True)
def tidy() -> None:
    """Removes the files of what was deleted, given up or never sent."""
    try:
        removed = tidy_files()
    except (OperationalError, InterfaceError, OSError) as error:
        TASK_FAILURES.add(of="tidy")
        logger.warning("files not removed: %s", type(error).__name__)
        return
    if removed:
        logger.info("tidied", extra={"removed": removed})


@shared_task(ignore_result=True)
def sort_in() -> None:
    """New messages into the index they are found by. Until then they are found all the same, a little slower."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT gin_clean_pending_list('chat_message_search')")
    except (OperationalError, InterfaceError) as error:
        TASK_FAILURES.add(of="sort_in")
        logger.warning("search index not sorted: %s", type(error).__name__)


@shared_task(ignore_result=True)
def prune_changes() -> None:
    """Drops what the spam rule does not look at any more, and old rows of the change table, a thousand at a time; none
    of the last day that no sweep has looked at."""
    now = timezone.now()
    Opening.objects.filter(at__lt=now - timedelta(minutes=settings.SPAM_WINDOW_MINUTES)).delete()
    done = Progress.objects.filter(work__in=READS_CHANGES).aggregate(upto=Min("upto"))["upto"]
    limit = min(now - KEEP_CHANGES, max(done or now, now - KEEP_UNSWEPT))
    for _ in range(PURGE_BATCHES):
        old = Change.objects.filter(at__lt=limit).order_by("id").values("id")[:PURGE_ROWS]
        if not Change.objects.filter(id__in=old).delete()[0]:
            return


@shared_task(ignore_result=True)
def expire(now: datetime | None = None) -> None:
    """What no device took within the limits of age, number and size is not waited for any longer."""
    _retain(
        "expire",
        {
            "aged": lambda: retention.expire_by_age(settings.INBOX_DAYS, now),
            "excess": lambda: retention.expire_by_count(settings.INBOX_ENTRIES, now),
            "media": lambda: media.withhold(settings.MEDIA_MEGABYTES, now),
        },
    )


@shared_task(ignore_result=True)
def purge(now: datetime | None = None) -> None:
    """Removes history that is older than the deployment keeps it; nothing by default."""
    if settings.HISTORY_DAYS:
        _retain("purge", {"removed": lambda: history.purge(settings.HISTORY_DAYS, now)})


def _retain(name: str, steps: dict[str, Callable[[], int]]) -> None:
    """Runs the steps and logs what each did. Acknowledgements first: what a device has taken does not expire, so
    while Redis is away everything waits."""
    began = time.monotonic()
    try:
        with connect() as redis:
            if not Flusher(redis, _tell_ticks).settle(SETTLE_S):
                logger.warning("%s put off: receipts are still being flushed", name)
                return
        done = {step: work() for step, work in steps.items()}
    except (OperationalError, InterfaceError, RedisError) as error:
        logger.warning("%s put off: %s", name, type(error).__name__)
        return
    logger.info(name, extra=done | {"ms": round((time.monotonic() - began) * 1000)})


def _tell_ticks(applied: Applied) -> None:
    hint({"type": "ticks", "change": applied.change, "acks": applied.acks})
