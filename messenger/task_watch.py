"""Around every Celery task: its name and id on its log lines, and its figures into the tally when it ends."""

import time
from typing import Any

import structlog
from celery.signals import task_failure, task_postrun, task_prerun
from django.conf import settings
from redis import Redis

from chat.metrics.tally import TASK_FAILURES, TASK_RUNS, TASK_SECONDS, Tally


def _short(task: Any) -> str:
    return str(task.name).rpartition(".")[2]


class TaskWatch:
    """One a worker process, which runs one task at a time. The signals hold their receivers weakly: keep it."""

    def __init__(self) -> None:
        self._tally = Tally(Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2))
        self._began = 0.0
        task_prerun.connect(self.began)
        task_failure.connect(self.failed)
        task_postrun.connect(self.ended)

    def began(self, task: Any, task_id: str, **_: Any) -> None:
        self._began = time.monotonic()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(task=_short(task), task_id=task_id)

    def failed(self, sender: Any, **_: Any) -> None:
        TASK_FAILURES.add(of=_short(sender))

    def ended(self, task: Any, **_: Any) -> None:
        TASK_RUNS.add(of=_short(task))
        TASK_SECONDS.add(time.monotonic() - self._began, of=_short(task))
        self._tally.add_up()
        structlog.contextvars.clear_contextvars()
