"""How long the answer to the opening of a TCP connection took: one round trip, as the network alone makes it.

A SYN that was sent again is of no use: nobody can tell which of the two was answered (P. Karn, C. Partridge,
"Improving round-trip time estimates in reliable transport protocols", 1987).
"""

from phonehome.wire.tcp import ACK, FIN, RST, SYN, distance

MAX_ROUND_TRIP_US = 3_000_000
"""Nobody waits longer before sending again (RFC 1122 section 4.2.3.1; RFC 6298 has one second), recorded or not."""

COPY_NS = 100_000_000
"""A SYN that comes again sooner was recorded twice, at two interfaces: nobody sends it again before 200 ms."""

_OPENING = SYN | ACK | FIN | RST


class Handshake:
    """Takes the openings of both ends of a connection, in any order within a window.

    Attributes:
        round_trip_us: Microseconds from the SYN to the first answer that fits it; None while there is none, or
            where it cannot be told.
    """

    __slots__ = ("_again", "_asked", "_begin", "_size", "round_trip_us")

    def __init__(self) -> None:
        self.round_trip_us: int | None = None
        self._asked: int | None = None
        self._again: int | None = None
        self._begin = self._size = 0

    def ask(self, flags: int, sequence: int, size: int, time: int) -> None:
        """Take a SYN of the client: the number behind it, the payload's size, and nanoseconds since the epoch."""
        if flags & _OPENING != SYN or not time:
            return
        if self._asked is None:
            self._asked, self._begin, self._size = time, sequence, size
        elif self._again is None and time - self._asked >= COPY_NS:
            self._again = time

    def answer(self, flags: int, acknowledged: int, time: int) -> None:
        """Take a SYN of the server, which acknowledges the client's and what it may have carried (RFC 7413)."""
        if flags & _OPENING != SYN | ACK or self._asked is None or self.round_trip_us is not None:
            return
        if not 0 <= distance(self._begin, acknowledged) <= self._size:
            return
        if self._again is not None and self._again <= time:
            return
        taken = (time - self._asked) // 1000
        if 0 <= taken <= MAX_ROUND_TRIP_US:
            self.round_trip_us = taken
