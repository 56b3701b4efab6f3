"""The examples in docs/deploy name settings that there are, and start the processes as the code does."""

import re
import shlex
from typing import Any

import pytest
import yaml

from messenger import commands
from messenger.celery import app
from tests.docs.examples import CLONE, DOCS, rows, section

DEPLOY = DOCS / "deploy"
SETTINGS = {cells[0] for cells in rows(section((DOCS / "operations.md").read_text(), "Settings"))}
REQUIRED = {
    "MODE",
    "SECRET_KEY",
    "DATABASE_URL",
    "REDIS_URL",
    "ALLOWED_HOSTS",
    "BEHIND_TLS_PROXY",
    "TRUSTED_PROXIES",
    "MEDIA_ROOT",
}
QUEUES = {route["queue"] for route in app.conf.task_routes.values()} | {app.conf.task_default_queue}


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found["services"]  # type: ignore[no-any-return]


def unit(name: str) -> dict[str, str]:
    lines = [line for line in (DEPLOY / name).read_text().splitlines() if "=" in line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def options(command: list[str]) -> set[str]:
    """Those of a command line that say how it works, not where."""
    text = " ".join(command)
    return set(re.findall(r"--(?!host|port|bind)[a-z-]+(?:[ =](?:\d+|false|warning))?", text))


def test_the_example_of_settings_names_those_there_are() -> None:
    named = set(re.findall(r"^([A-Z_]+)=", (DEPLOY / "env.example").read_text(), re.MULTILINE))
    assert named <= SETTINGS and named >= REQUIRED


def test_so_does_compose_for_each_process() -> None:
    ours = {name: service for name, service in compose().items() if service.get("image") == "messenger"}
    assert set(ours) == {"prepare", "web", "beat"} | QUEUES
    for name, service in ours.items():
        assert set(service["environment"]) <= SETTINGS, name
        assert set(service["environment"]) >= REQUIRED, name


def test_the_web_processes_are_started_as_the_code_starts_them() -> None:
    ours = options(commands.web("uvicorn", "127.0.0.1", 8000))
    container = re.search(r"^CMD \[(.*)\]", (DEPLOY / "Containerfile").read_text().replace("\\\n", ""), re.MULTILINE)
    assert container is not None
    for started in (unit("messenger-web@.service")["ExecStart"], " ".join(re.findall(r'"([^"]*)"', container[1]))):
        assert options(shlex.split(started)) == ours
        assert "messenger.asgi:application" in started


def test_there_is_a_worker_for_each_queue_and_one_clock() -> None:
    line = unit("messenger-worker@.service")["ExecStart"].replace("%%h", "%h").replace("%i", "receipts")
    assert shlex.split(line)[1:] == commands.worker("receipts")[1:]
    listed = re.findall(r"messenger-worker@(\w+)", (DEPLOY / "messenger-worker@.service").read_text())
    assert set(listed) == QUEUES
    beat = shlex.split(unit("messenger-beat.service")["ExecStart"])
    assert beat[1:6] == commands.beat(DEPLOY)[1:6]
    for queue in QUEUES:
        assert compose()[queue]["command"][:9] == ["python", *commands.worker(queue)[1:7], "-Q", queue]


@pytest.mark.parametrize("path", ["/ws/", "/static/", "/api/v1/uploads", "= /metrics"])
def test_the_proxy_has_a_place_for_each_kind_of_address(path: str) -> None:
    config = (DEPLOY / "nginx.conf").read_text()
    assert f"location {path} {{" in config
    assert config.count("{") == config.count("}")
    for header in ("X-Forwarded-For   $remote_addr", "X-Forwarded-Proto $scheme", "Host              $host"):
        assert f"proxy_set_header {header};" in config


def test_the_container_holds_what_is_imported() -> None:
    copied = set(re.findall(r"^COPY (\S+) \S+$", (DEPLOY / "Containerfile").read_text(), re.MULTILINE))
    assert copied == {"requirements.lock", "manage.py", "messenger", "chat", "receipts", "templates", "static"}
    assert all((CLONE / name).exists() for name in copied)
