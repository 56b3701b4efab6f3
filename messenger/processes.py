"""Starting and ending processes so that none is left behind.

Each child is a session of its own (Ctrl-C in a terminal reaches only its owner, which ends things in order), and
the kernel sends it a signal when its owner dies, even by kill -9. The kernel means the *thread* that made the
child: call `spawn` from one that lives as long as the child should.
"""

import contextlib
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
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


def spawn(
    command: list[str],
    death: signal.Signals,
    output: IO[bytes] | int,
    user: str | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> "subprocess.Popen[bytes]":
    """A child that gets `death` when this thread or process dies. `user`: run as this one (we are root then)."""
    owner = pwd.getpwnam(user) if user is not None else None
    identity = (owner.pw_uid, owner.pw_gid) if owner is not None else (-1, -1)
    numbers = [str(int(number)) for number in (os.getpid(), death, *identity)]
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", SHIM, *numbers, *command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env=dict(env) if env is not None else None,
        cwd=cwd,
    )


def signal_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """To the child and everything it started in its session's first group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def kill_family(process: "subprocess.Popen[bytes]", timeout: float = 10.0) -> None:
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
