"""Celery: retries, purges and the flushing of receipts. Tasks are triggers; two beats do no harm."""

import logging.config
import os
import warnings
from typing import Any

from celery import Celery
from celery.app.amqp import AMQP
from celery.platforms import SecurityWarning
from celery.signals import setup_logging
from kombu.connection import Connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "messenger.settings")

from django.conf import settings

from messenger.task_watch import TaskWatch


def broker_url(url: str) -> str:
    """Kombu spells a Redis socket differently."""
    if not url.startswith("unix://"):
        return url
    path, _, query = url.removeprefix("unix://").partition("?")
    return f"redis+socket://{path}" + (f"?virtual_host={query.removeprefix('db=')}" if query else "")


# About pickled tasks run as root; ours are JSON and carry nothing.
warnings.filterwarnings("ignore", category=SecurityWarning)


class QuickConnection(Connection):
    """Looks for a broker that went away every second. Kombu's wait grows to half a minute, and after an outage all
    ticks would wait with it."""

    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        waits = {"interval_start": 0.2, "interval_step": 0.2, "interval_max": 1.0}
        return super().ensure_connection(*args, **(waits | options))  # type: ignore[no-untyped-call]


class QuickAMQP(AMQP):  # type: ignore[misc]
    Connection = QuickConnection


WAKE = {"wake": {"task": "chat.tasks.wake", "schedule": 1.0, "options": {"expires": 1.0}}}

app = Celery("messenger", amqp=QuickAMQP)
app.conf.update(
    broker_url=broker_url(settings.REDIS_URL),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "socket_timeout": 10,
        "socket_connect_timeout": 2,
        "health_check_interval": 5,
        "visibility_timeout": 60,
    },
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    worker_timer_precision=0.1,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    beat_max_loop_interval=0.25,
    task_default_queue="default",
    task_routes={
        "receipts.tasks.*": {"queue": "receipts"},
        "chat.tasks.wake": {"queue": "wakeups"},
        "chat.tasks.draw": {"queue": "media"},
        "chat.tasks.tidy": {"queue": "media"},
    },
    beat_schedule={
        "flush": {"task": "receipts.tasks.flush", "schedule": 1.0, "options": {"expires": 1.0}},
        "sweep": {"task": "chat.tasks.sweep", "schedule": 5.0, "options": {"expires": 5.0}},
        "prune": {"task": "chat.tasks.prune_changes", "schedule": 60.0, "options": {"expires": 60.0}},
        "expire": {"task": "chat.tasks.expire", "schedule": 60.0, "options": {"expires": 60.0}},
        "purge": {"task": "chat.tasks.purge", "schedule": 60.0, "options": {"expires": 60.0}},
        "draw": {"task": "chat.tasks.draw", "schedule": 5.0, "options": {"expires": 5.0}},
        "sort_in": {"task": "chat.tasks.sort_in", "schedule": 5.0, "options": {"expires": 5.0}},
        "tidy": {"task": "chat.tasks.tidy", "schedule": 60.0, "options": {"expires": 60.0}},
    }
    # Without a key there need be no worker for it, and its queue would only grow.
    | (WAKE if settings.VAPID_PRIVATE_KEY else {}),
)
app.autodiscover_tasks()
_watch = TaskWatch()


@setup_logging.connect  # type: ignore[untyped-decorator]
def _keep_django_logging(**_: object) -> None:
    """Celery would replace the log configuration of settings.py."""
    logging.config.dictConfig(settings.LOGGING)
