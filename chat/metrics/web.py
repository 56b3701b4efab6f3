"""What each web process counts about itself, in its event loop. docs/operations.md explains every name."""

from chat.metrics.instruments import LATENCY_S, SIZES, Counter, Histogram, Instrument

ACCEPT_SECONDS = Histogram(
    "messenger_accept_seconds", "From a send's arrival here to its ACCEPTED, committed.", LATENCY_S
)
SENDS = Counter("messenger_sends", "Sends answered, by what became of them.", "outcome")
BATCH_SIZE = Histogram("messenger_batch_sends", "Sends in one committed batch.", SIZES)
DELIVER_SECONDS = Histogram(
    "messenger_deliver_seconds",
    "From an entry's acceptance to the acknowledgement of a device that was connected all the while.",
    LATENCY_S,
)
HINTS_LOST = Counter("messenger_hints_lost", "Events for other processes that were dropped or not published.")
FILLS = Counter("messenger_fills", "Pages read from the database for devices that lacked entries.")
SOCKETS_CLOSED = Counter("messenger_sockets_closed", "Sockets that ended, by close code.", "code")

INSTRUMENTS: tuple[Instrument, ...] = (
    ACCEPT_SECONDS,
    SENDS,
    BATCH_SIZE,
    DELIVER_SECONDS,
    HINTS_LOST,
    FILLS,
    SOCKETS_CLOSED,
)
