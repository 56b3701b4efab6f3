"""The tables. `doc` columns hold what the server told, as JSON: what this client does not know yet is kept, too."""

VERSION = 3

SCHEMA = (
    # epoch, counter, and who is signed in: server, user, username, name, device, token.
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    "CREATE TABLE people (id TEXT PRIMARY KEY, username TEXT NOT NULL, name TEXT NOT NULL) WITHOUT ROWID",
    # `members`: as in frames, JSON; of a large group some of `count`.
    # `newest`: id of its newest entry, a UUIDv7, so that it sorts by time.
    """CREATE TABLE conversations (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, title TEXT, picture TEXT, members TEXT NOT NULL,
        count INTEGER NOT NULL DEFAULT 0, start INTEGER NOT NULL,
        head INTEGER NOT NULL, newest TEXT NOT NULL, is_member INTEGER NOT NULL,
        received INTEGER NOT NULL, rev INTEGER NOT NULL, seen INTEGER NOT NULL
    ) WITHOUT ROWID""",
    # `status`: of one's own entries.
    """CREATE TABLE entries (
        conv TEXT NOT NULL, seq INTEGER NOT NULL, sender TEXT NOT NULL, client_id TEXT NOT NULL, status TEXT,
        doc TEXT NOT NULL, PRIMARY KEY (conv, seq), UNIQUE (sender, client_id)
    ) WITHOUT ROWID""",
    "CREATE INDEX unfinished ON entries (conv, seq) WHERE status IS NOT NULL AND status <> 'seen'",
    # Changes to entries that are not here, and what is hidden.
    """CREATE TABLE changes (conv TEXT NOT NULL, seq INTEGER NOT NULL, doc TEXT NOT NULL,
        PRIMARY KEY (conv, seq)) WITHOUT ROWID""",
    """CREATE TABLE absent (conv TEXT NOT NULL, last INTEGER NOT NULL, first INTEGER NOT NULL, why TEXT NOT NULL,
        PRIMARY KEY (conv, last)) WITHOUT ROWID""",
    # In the order of `n`. `seq`: the expired entry that is sent anew. `state`: pending, failed, rejected.
    # `files`: what goes with it, JSON (store/outbox.py).
    """CREATE TABLE outbox (
        n INTEGER PRIMARY KEY AUTOINCREMENT, client_id TEXT NOT NULL UNIQUE, conv TEXT NOT NULL, body TEXT NOT NULL,
        reply_to INTEGER, seq INTEGER, made INTEGER NOT NULL, state TEXT NOT NULL, code TEXT, reason TEXT,
        files TEXT NOT NULL
    )""",
    # What the program has yet to handle, in the order of `n`. `doc`: of an entry that is not kept any more.
    """CREATE TABLE events (
        n INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, conv TEXT NOT NULL, seq INTEGER, last INTEGER,
        client_id TEXT, status TEXT, code TEXT, reason TEXT, doc TEXT
    )""",
    "INSERT INTO meta VALUES ('counter', 0)",
)
