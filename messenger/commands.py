"""The command lines of the messenger's own processes, one definition for `make run`, tests and the bench."""

import sys
from pathlib import Path

MAX_FRAME_BYTES = 65_536
# daphne drops what is above its limits without a close code, so the consumer refuses what is above ours before; and
# its limit on whole messages holds for what it sends as well: a page of a hundred of the longest must get through.
DAPHNE_FRAME_BYTES = 4 * MAX_FRAME_BYTES
DAPHNE_MESSAGE_BYTES = 64 * MAX_FRAME_BYTES


def web(server: str, host: str, port: int) -> list[str]:
    """`server` is daphne or uvicorn; both without permessage-deflate, which doubles what an idle socket costs."""
    python = [sys.executable, "-m"]
    if server == "uvicorn":
        limits = ["--ws-max-size", str(MAX_FRAME_BYTES), "--ws-per-message-deflate", "false", "--ws-ping-interval", "0"]
        # Who is believed about addresses is TRUSTED_PROXIES, whichever server it is.
        limits.append("--no-proxy-headers")
        quiet = ["--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "5"]
        return [*python, "uvicorn", "messenger.asgi:application", "--host", host, "--port", str(port), *limits, *quiet]
    limits = [
        "--websocket-max-frame-size",
        str(DAPHNE_FRAME_BYTES),
        "--websocket-max-message-size",
        str(DAPHNE_MESSAGE_BYTES),
        "--websocket_timeout",
        "86400",
        # Longer than a handshake may stand in line (chat/web/consumers.py).
        "--websocket_connect_timeout",
        "20",
        "--ping-interval",
        "0",
    ]
    quiet = ["-v", "0", "--application-close-timeout", "5", "--no-server-name"]
    return [*python, "daphne", "-b", host, "-p", str(port), *limits, *quiet, "messenger.asgi:application"]


def worker(*queues: str, clock: Path | None = None) -> list[str]:
    """A Celery worker for one queue, or some. Solo: its tasks are short, and one process is easier to end. `clock`:
    the folder of a beat that it runs by itself; for one alone, since every beat starts every task."""
    lonely = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    name = ["-Q", ",".join(queues), "-n", f"{queues[0]}@%h", "--pool", "solo", "-l", "WARNING"]
    beat = ["-B", "-s", str(clock / "beat-schedule")] if clock else []
    return [*_celery(), "worker", *name, *beat, *lonely]


def beat(folder: Path) -> list[str]:
    """The clock. Its schedule file may be lost: tasks do not depend on running once."""
    files = ["-s", str(folder / "beat-schedule"), "--pidfile="]
    return [*_celery(), "beat", *files, "-l", "WARNING"]


def _celery() -> list[str]:
    return [sys.executable, "-m", "celery", "-q", "-A", "messenger"]
