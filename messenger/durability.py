"""The check at start: no server runs on a PostgreSQL that would lose what it says is stored."""

import logging

import psycopg

from chat.log import durability
from messenger.env import SettingError

logger = logging.getLogger(__name__)


def require(dsn: str) -> None:
    """Ends the process with one line when durability is off. A database that is away is not waited for: every
    new connection of the committer checks again before anything is accepted."""
    try:
        with psycopg.connect(dsn, connect_timeout=3) as connection:
            rows = connection.execute(durability.QUERY, [list(durability.SETTINGS)]).fetchall()
    except psycopg.Error as error:
        logger.warning("durability not checked yet: %s", type(error).__name__)
        return
    try:
        durability.judge(dict(rows))
    except durability.DurabilityOff as error:
        raise SettingError(str(error)) from None
