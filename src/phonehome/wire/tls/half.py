"""One direction of a connection: its records, its handshake messages, its keys, and the search for its place."""

from cryptography.exceptions import InvalidTag

from phonehome.wire.side import Side
from phonehome.wire.tls.ciphers import HEADER_BYTES, SLACK, Opener
from phonehome.wire.tls.events import MAX_RECORD_BYTES, Event
from phonehome.wire.tls.messages import MessageBuffer
from phonehome.wire.tls.records import RecordStream
from phonehome.wire.tls.traffic import Phase

MAX_SKIPPED_RECORDS = 1024
"""How many record numbers are tried at one place behind a gap."""
MAX_TRIALS = 65_536
"""Records tried in all to find the place again; a direction with more damage than that stays closed."""
MAX_REFUSED = 64
"""Records that may fail to open, or places that may turn out none, in a row."""


_SCRATCH = memoryview(bytearray(HEADER_BYTES + MAX_RECORD_BYTES + SLACK))
"""Where records are opened only to see whether they do."""


class Half:
    """State of one direction.

    Attributes:
        held: The event that waits for something the other side will tell.
        round: Which negotiation it is in, counted from 0; −1 before its first hello.
        phase: The keys of TLS 1.3 last in force.
        gapped: Bytes are missing since the keys changed, so that the next record may not be the first.
        refused: Records in a row that did not open.
        passed: Their payload, while no keys of TLS 1.3 are in force: it may turn out to be handshake.
    """

    __slots__ = (
        "gapped",
        "held",
        "messages",
        "passed",
        "phase",
        "refused",
        "round",
        "side",
        "stream",
        "trials",
    )

    def __init__(self, side: Side) -> None:
        self.side = side
        self.stream = RecordStream()
        self.messages = MessageBuffer()
        self.held: Event | None = None
        self.round = -1
        self.phase: Phase | None = None
        self.gapped = False
        self.refused = 0
        self.passed = 0
        self.trials = 0

    def find_number(self, event: Event, opener: Opener, numbers: range, first: int) -> int | None:
        """Find the number under which a record opens; the opener is then ready to open it once more.

        Args:
            event: Where the record stands.
            opener: Its protection.
            numbers: What to try.
            first: The number that a record would have if none were missing.
        """
        data, target = self.stream.data, _SCRATCH
        view, hidden = memoryview(data), self.stream.hidden(event)
        for number in numbers:
            if self.trials >= MAX_TRIALS:
                return None
            self.trials += 1
            try:
                opener.settle(data, event.start, hidden, number - first)
                opener.open(number, data, view, event.start, event.stop, target, 0)
                opener.settle(data, event.start, hidden, number - first)
            except InvalidTag:
                continue
            return number
        return None

    def skipped_range(self, event: Event, opener: Opener) -> range:
        """How many records may be missing before a candidate, by the bytes between."""
        hidden = self.stream.hidden(event)
        low = hidden // (HEADER_BYTES + MAX_RECORD_BYTES)
        return range(low, min(hidden // opener.overhead, low + MAX_SKIPPED_RECORDS) + 1)

    def start(self, opener: Opener) -> None:
        """Put new keys into force."""
        self.stream.opener = opener
        self.stream.sequence = 0
        self.gapped = False
        self.refused = 0
