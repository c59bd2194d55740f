"""Keeps the stretch of a stream that is being parsed, and its place in the file."""

from phonehome.model.errors import InputError
from phonehome.wire.capture.base import ByteStream


class Chunks:
    """A sliding stretch of a stream.

    Attributes:
        buffer: The stretch.
        base: Where in the stream it begins.
        ended: Whether the stream has no more.
        failure: What ended it before its end; what came before is in the stretch all the same.
    """

    __slots__ = ("_size", "_stream", "base", "buffer", "ended", "failure")

    def __init__(self, stream: ByteStream, size: int) -> None:
        self._stream = stream
        self._size = size
        self.buffer = b""
        self.base = 0
        self.ended = False
        self.failure: InputError | OSError | None = None

    def more(self, used: int, least: int = 0) -> None:
        """Drop the first `used` bytes and read on, until the stretch has its size and at least `least` bytes."""
        rest = self.buffer[used:]
        self.base += used
        want = max(self._size, least) - len(rest)
        parts = [rest]
        while want > 0 and not self.ended:
            try:
                part = self._stream.read(want)
            except (InputError, OSError) as error:
                part, self.failure = b"", error
            self.ended = not part
            want -= len(part)
            parts.append(part)
        # Joining one part gives the part itself: the usual file of one window is not copied.
        self.buffer = b"".join(part for part in parts if part)
