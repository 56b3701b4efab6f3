"""Telling web processes from Celery and the admin: one hint a call, since each costs a connection to Redis."""

import logging
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from chat.delivery.layer import GROUP

logger = logging.getLogger(__name__)


def announce(event: dict[str, Any]) -> None:
    """Raises whatever the channel layer raises; callers treat it as a lost hint."""
    async_to_sync(get_channel_layer().group_send)(GROUP, event)


def hint(event: dict[str, Any]) -> None:
    """The same; what is lost is logged: reconcile finds what has changed, and who still owes is nudged again."""
    try:
        announce(event)
    except Exception as error:
        logger.warning("%s not published: %s", event["type"], type(error).__name__)
