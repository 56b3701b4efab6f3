"""Starting and ending processes so that none is left behind.

Each child is a session of its own (Ctrl-C in a terminal reaches only its owner, which ends things in order), and
the kernel sends it a signal when its owner dies, even by kill -9. The kernel means the *thread* that made the
child, so all are made by one thread that lives as long as the process.
"""

import contextlib
import os
import pwd
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import IO

import psutil

# Exec'd between us and a child: becomes the user it is to run as, asks the kernel for the signal, becomes the child.
# (A preexec_fn would run Python between fork and exec, which is not safe in a process with threads.) The order
# matters: a change of user clears the request, and the owner may have died before it.
SHIM = """
import ctypes, os, sys
owner, death, user, group = map(int, sys.argv[1:5])
if user >= 0:
    os.setgroups([]); os.setgid(group); os.setuid(user)
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, death)
if os.getppid() != owner: sys.exit(1)
os.execvp(sys.argv[5], sys.argv[5:])
"""

Process = subprocess.Popen[bytes]
Order = tuple[Callable[[], Process], "Future[Process]"]
_orders: "queue.SimpleQueue[Order]" = queue.SimpleQueue()
_parent = threading.Lock()


def spawn(
    command: list[str],
    death: signal.Signals,
    output: IO[bytes] | int,
    user: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Process:
    """A child that gets `death` when this process dies. `user`: run as this one (we are root then)."""
    owner = pwd.getpwnam(user) if user is not None else None
    identity = (owner.pw_uid, owner.pw_gid) if owner is not None else (-1, -1)
    numbers = [str(int(number)) for number in (os.getpid(), death, *identity)]
    return _in_parent_thread(
        lambda: subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", SHIM, *numbers, *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=dict(env) if env is not None else None,
            cwd=cwd,
        )
    )


def _in_parent_thread(start: Callable[[], Process]) -> Process:
    """Raises what `start` raises."""
    # Never released: held by the thread that is the parent of all children.
    if _parent.acquire(blocking=False):
        threading.Thread(target=_be_parent, name="parent", daemon=True).start()
    done: Future[Process] = Future()
    _orders.put((start, done))
    return done.result()


def _be_parent() -> None:
    while True:
        start, done = _orders.get()
        try:
            done.set_result(start())
        except BaseException as error:
            done.set_exception(error)


def signal_group(process: Process, number: signal.Signals) -> None:
    """To the child and everything it started in its session's first group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def kill_family(process: Process, timeout: float = 10.0) -> None:
    """kill -9 of a child and all its descendants, whatever group they are in; returns when none of them runs."""
    if process.poll() is not None:
        return
    # Stopped first, or it could start another one while they are being listed.
    process.send_signal(signal.SIGSTOP)
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    for child in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    process.wait()
    await_gone(family, timeout)


def await_gone(family: Iterable[psutil.Process], timeout: float) -> bool:
    """Whether they all ended in time. A zombie has ended: who reaps it is another's business (in a container
    perhaps nobody's)."""
    end = time.monotonic() + timeout
    while left := [each for each in family if _runs(each)]:
        if time.monotonic() > end:
            return False
        family = left
        time.sleep(0.005)
    return True


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
