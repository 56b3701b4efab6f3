"""Tells the media worker that there is something to do. Nobody waits for it, and nothing depends on it: the broker may
be away, and the sweep finds the same a few seconds later."""

import logging
import threading

from celery import current_app

logger = logging.getLogger(__name__)

TASK = "chat.tasks.draw"
_under_way = threading.Semaphore(1)


def draw() -> None:
    """Returns at once. While one hint is on its way no other is needed."""
    if _under_way.acquire(blocking=False):
        threading.Thread(target=_send, name="hint", daemon=True).start()


def _send() -> None:
    try:
        current_app.send_task(TASK, queue="media", expires=5.0, retry=False, ignore_result=True)
    except Exception as error:
        logger.warning("hint to the media worker lost: %s", type(error).__name__)
    finally:
        _under_way.release()
