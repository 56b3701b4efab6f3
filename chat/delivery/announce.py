"""Telling web processes from Celery: one hint a call, since each costs a connection to Redis."""

from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from chat.delivery.layer import GROUP


def announce(event: dict[str, Any]) -> None:
    """Raises whatever the channel layer raises; callers treat it as a lost hint."""
    async_to_sync(get_channel_layer().group_send)(GROUP, event)
