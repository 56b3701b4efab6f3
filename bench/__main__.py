"""python -m bench: runs the scenarios, prints the table."""

import argparse
import os
import resource
from pathlib import Path

SCENARIOS = ("full", "steady", "counts", "encoding", "idle", "away", "crowd", "rest", "upload", "library")
SCENARIOS += ("recur", "search", "page")
SERVERS = ("uvicorn", "daphne")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Drives whole messengers, and measures.")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="default: all; may be repeated")
    parser.add_argument("--server", action="append", choices=SERVERS, help="default: both; may be repeated")
    parser.add_argument("--seconds", type=float, help="of each load (default 10)")
    parser.add_argument("--sockets", type=int, help="of the busy scenarios (default 100)")
    parser.add_argument("--idle-sockets", type=int, help="default 2,000")
    parser.add_argument("--inboxes", type=int, help="of the recurring work (default 1,000,000)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="the figures, and all counts, as JSON")
    parser.add_argument("--smoke", action="store_true", help="small and short: that it runs, not how fast")
    chosen = parser.parse_args()
    chosen.scenario = chosen.scenario or SCENARIOS
    chosen.server = chosen.server or SERVERS
    return chosen


def _prepare() -> None:
    """Django's settings as the houses' processes have them (the servers' addresses are not used here), and room for
    thousands of sockets."""
    unused = {"DATABASE_URL": "postgresql:///unused", "REDIS_URL": "redis://localhost"}
    os.environ.update({"MODE": "demo", "SECRET_KEY": "only-for-tests", **unused})
    os.environ["DJANGO_SETTINGS_MODULE"] = "messenger.settings"
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    import django

    django.setup()


def main() -> None:
    chosen = _arguments()
    _prepare()
    from bench.report import Figure, table, write_json
    from bench.scenarios import Bench, Sizes
    from tests.acceptance.servers import Celery, House

    small = (
        {
            "seconds": 1.5,
            "sockets": 10,
            "idle_sockets": 50,
            "settle_s": 0.0,
            "waiting": 300,
            "conversations": 10,
            "history": 1_000,
            "crowd": 20,
            "company": 20,
            "company_messages": 2,
            "inboxes": 2_000,
            "stored": 500,
            "repetitions": 2,
            "rounds": 5,
            "sends": 200,
            "upload_bytes": 9_000_000,
            "searched": 5_000,
        }
        if chosen.smoke
        else {}
    )
    named = {name: getattr(chosen, name) for name in ("seconds", "sockets", "idle_sockets", "inboxes")}
    sizes = Sizes(**small | {name: value for name, value in named.items() if value is not None})
    figures: list[Figure] = []
    loads: dict[str, object] = {}
    # Nothing but the web process runs beside idle sockets, nor beside what is timed by itself: that is the question.
    alone = ("idle", "recur", "search", "page")
    for server in chosen.server:
        # No server is compared by what recurs and by the page: once is enough.
        once = () if server == chosen.server[0] else ("recur", "search", "page")
        wanted = [name for name in SCENARIOS if name in chosen.scenario and name not in once]
        for celery in (Celery.APART, Celery.NONE):
            names = [name for name in wanted if (name in alone) == (celery is Celery.NONE)]
            if names:
                with House(server=server, celery=celery) as house:
                    bench = Bench(house, server, sizes, figures, loads)
                    for name in names:
                        print(f"… {name} on {server}", flush=True)
                        bench.run(name)
    print(table(figures))
    if chosen.json:
        write_json(chosen.json, figures, loads)


if __name__ == "__main__":
    main()
