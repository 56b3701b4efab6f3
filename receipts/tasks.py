"""The Celery task that turns acknowledgements into ticks; a queue and a worker of its own, so nothing delays it."""

import logging
import time

from celery import shared_task
from django.db import InterfaceError, OperationalError
from redis.exceptions import RedisError

from chat.delivery.announce import announce
from chat.metrics import tally
from receipts.flush import Flusher, connect
from receipts.ledger import Applied

logger = logging.getLogger(__name__)

# Beat sends one task a second; each flushes for about that long, at most some fifteen times a second.
BUSY_S = 0.9
SPACING_S = 0.06


def publish(applied: Applied) -> None:
    announce({"type": "ticks", "change": applied.change, "acks": applied.acks})


@shared_task(ignore_result=True)
def flush() -> None:
    """Flushes whatever comes in for about a second: the first acknowledgement at once, the next ones together."""
    try:
        with connect() as redis:
            _flush_until(Flusher(redis, publish), time.monotonic() + BUSY_S)
            tally.note_flushed(redis)
    except (OperationalError, InterfaceError, RedisError) as error:
        tally.TASK_FAILURES.add(of="flush")
        logger.warning("flush put off: %s", type(error).__name__)


def _flush_until(flusher: Flusher, end: float) -> None:
    flusher.flush()
    while time.monotonic() < end:
        if flusher.wait(end - time.monotonic()):
            flusher.flush()
            time.sleep(SPACING_S)
