"""Which push services there are, by the name a subscription carries.

To add one: implement `Pusher` (chat/wakeup/port.py), give it a line here, and let the registration door
(chat/wakeup/subscriptions.py) accept what its devices register.
"""

from collections.abc import Callable, Mapping

from django.conf import settings

from chat.wakeup.port import Pusher
from chat.wakeup.webpush import WebPush

Services = Mapping[str, Callable[[], Pusher]]


def is_on() -> bool:
    """Without a key there are no wake-ups; everything else works."""
    return bool(settings.VAPID_PRIVATE_KEY)


def _web_push() -> Pusher:
    return WebPush(
        settings.VAPID_PRIVATE_KEY,
        settings.VAPID_SUBJECT,
        tuple(settings.PUSH_HOSTS),
        loopback=settings.PUSH_LOOPBACK,
    )


SERVICES: Services = {"webpush": _web_push}
