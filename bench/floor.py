"""What PostgreSQL alone can do here: pgbench inserting the same row into the same table, every commit flushed.

The floor under the messenger's figures. It locks no conversation, checks nothing and answers nobody.
"""

import random
import re
import subprocess
from dataclasses import dataclass

import psycopg

from bench.person import BODY
from tests.acceptance.servers import House

CLIENTS = 8
MANY = 100

# Each client appends to a conversation of its own; `run` keeps rounds apart. `seq` keeps its value between the
# transactions of a client.
INSERT = """
INSERT INTO chat_message
  (id, conversation_id, seq, sender_id, device_id, client_id, digest, body, reply_to_seq, created_at)
"""
ROW = f"""
  {{new_id}}, ('00000000-0000-4000-8000-' || lpad((:run * 100 + :client_id)::text, 12, '0'))::uuid, {{n}},
  '00000000-0000-4000-8000-000000000001'::uuid, '00000000-0000-4000-8000-000000000002'::uuid,
  'd' || :run || '.' || :client_id || '_' || {{n}} || '_1790000000000',
  '\\x00112233445566778899aabbccddeeff'::bytea, '{BODY}', NULL::bigint, now()
"""
SCRIPTS = {
    1: ("\\set seq :seq + 1", f"{INSERT} VALUES ({ROW.replace('{n}', ':seq')})"),
    MANY: (
        f"\\set seq :seq + {MANY}",
        f"{INSERT} SELECT {ROW.replace('{n}', 'n')} FROM generate_series(:seq - {MANY - 1}, :seq) AS n",
    ),
}


@dataclass(frozen=True, slots=True)
class Floor:
    """Durable rows/s with 8 clients: one row a transaction, the same prepared, a hundred rows a transaction.

    `single` is as pgbench does it unless told otherwise, each statement parsed and planned; the messenger prepares
    its own, so `prepared` is told beside it.
    """

    single: float
    prepared: float
    hundred: float

    def mean(self, other: "Floor") -> "Floor":
        """Of the rounds before and after a load: the machine may have become slower meanwhile."""
        return Floor(*[(getattr(self, name) + getattr(other, name)) / 2 for name in self.__slots__])


def measure(house: House, seconds: float) -> Floor:
    """Three rounds of `seconds`, one after the other. Leaves its rows."""
    with psycopg.connect(house.dsn) as connection:
        version = connection.info.server_version
    new_id = "uuidv7()" if version >= 180_000 else "gen_random_uuid()"
    rounds = ((1, "simple"), (1, "prepared"), (MANY, "simple"))
    return Floor(*[_rows_per_s(house, seconds, new_id, rows, mode) for rows, mode in rounds])


def forget(house: House) -> None:
    """Removes the rows of the rounds before (and of earlier loads, whose conversations are not used again), and what
    they leave PostgreSQL to do: hundreds of thousands of rows to vacuum and to write out."""
    with psycopg.connect(house.dsn, autocommit=True) as connection:
        connection.execute("TRUNCATE chat_message")
        connection.execute("CHECKPOINT")


def _rows_per_s(house: House, seconds: float, new_id: str, rows: int, mode: str) -> float:
    script = house.folder / f"floor-{rows}.sql"
    count, insert = SCRIPTS[rows]
    script.write_text(f"{count}\n{' '.join(insert.format(new_id=new_id).split())};\n")
    variables = ["-D", "seq=0", "-D", f"run={random.randrange(1_000_000)}"]
    shape = ["-n", "-M", mode, "-c", str(CLIENTS), "-j", "2", "-T", str(max(1, round(seconds)))]
    program = str(house.postgres.binaries / "pgbench")
    command = [program, *shape, *variables, "-f", str(script), house.dsn]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if done.returncode or found is None:
        raise RuntimeError(f"pgbench failed:\n{done.stdout}{done.stderr}")
    return float(found[1]) * rows
