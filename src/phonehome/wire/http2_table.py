"""The open streams of an HTTP/2 connection, within bounds."""

from phonehome.wire.http2_half import DATA, Half
from phonehome.wire.http2_stream import Http2Stream
from phonehome.wire.http_message import HttpMessage

MAX_STREAMS = 4096
"""Streams that are open at a time; beyond, the oldest is reported as far as it is known."""
MAX_RESET = 256
"""Streams of which one side was reset and the other did not end yet: its frames may be fed later."""
MAX_OPEN_BODIES = 512 * 1024 * 1024
"""Bytes of bodies of all open streams that are kept."""
CROWDED = "too many open streams"
"""The note of a stream that was reported before its end."""


class StreamTable:
    """Open streams by their numbers.

    Attributes:
        streams: Those that are open, the oldest first.
        found: Those that were reported.
    """

    __slots__ = ("_halves", "_held", "_reset", "found", "streams")

    def __init__(self, halves: tuple[Half, Half]) -> None:
        self.streams: dict[int, Http2Stream] = {}
        self.found: list[Http2Stream] = []
        self._halves = halves
        self._reset: dict[int, None] = {}
        self._held = 0

    def take_found(self) -> list[Http2Stream]:
        """The reported streams since the last call."""
        if not self.found:
            return []
        found, self.found = self.found, []
        return found

    def open(self, number: int) -> Http2Stream:
        """Begin a stream."""
        if len(self.streams) >= MAX_STREAMS:
            self.report(next(iter(self.streams)), CROWDED)
        stream = self.streams[number] = Http2Stream(number)
        if not number % 2:
            stream.pushed = True
            stream.ended = 1
        return stream

    def end_half(self, number: int, side: int) -> None:
        """Say that one side of a stream is whole."""
        stream = self.streams.get(number)
        if stream is None:
            return
        stream.ended |= 1 << side
        if stream.ended == 3:
            self.report(number)

    def end_by_reset(self, number: int, side: int) -> None:
        """Say that one side reset a stream; frames of the other may be fed later all the same."""
        stream = self.streams.get(number)
        if stream is None:
            return
        stream.note = "reset by the server" if side else "reset by the client"
        message = stream.response if side else stream.request
        if message is not None and not stream.ended & (1 << side):
            message.truncated = True
        self._reset[number] = None
        self.end_half(number, side)
        if len(self._reset) > MAX_RESET:
            self.report(next(iter(self._reset)))

    def report(self, number: int, note: str | None = None) -> None:
        """Hand a stream over as far as it is known."""
        stream = self.streams.pop(number)
        self._reset.pop(number, None)
        self._held -= stream.held
        for half in self._halves:
            if half.state == DATA and half.number == number:
                half.detach()
        if note is not None:
            stream.note = note
        stream.close()
        self.found.append(stream)

    def keep(self, stream: Http2Stream, side: int, message: HttpMessage, piece: bytes) -> None:
        """Take a piece of a body, if there is room."""
        if self._held + len(piece) > MAX_OPEN_BODIES:
            message.truncated = True
            message.missing += len(piece)
            message.dropped += len(piece)
            message.add_note("too many bytes in open streams")
            return
        self._held += len(piece)
        stream.held += len(piece)
        stream.add_data(side, message, piece)
