"""Keeps the stretch of a stream that is being parsed, and its place in the file."""

from collections.abc import Callable

from phonehome.model.errors import InputError
from phonehome.wire.capture.base import ByteStream


class Chunks:
    """A sliding stretch of a stream.

    Args:
        stream: Where its bytes come from. With a method `step_back` it can be told to give its last bytes again; that
            returns whether it does.
        size: How long the stretch is.

    Attributes:
        buffer: The stretch.
        base: Where in the stream it begins.
        ended: Whether the stream has no more.
        failure: What ended it before its end; what came before is in the stretch all the same.
    """

    __slots__ = ("_size", "_step_back", "_stream", "base", "buffer", "ended", "failure")

    def __init__(self, stream: ByteStream, size: int) -> None:
        self._stream = stream
        self._step_back: Callable[[int], bool] | None = getattr(stream, "step_back", None)
        self._size = size
        self.buffer = b""
        self.base = 0
        self.ended = False
        self.failure: InputError | OSError | None = None

    def more(self, used: int, least: int = 0) -> None:
        """Drop the first `used` bytes and read on, until the stretch has its size and at least `least` bytes."""
        rest = self.buffer[used:]
        self.base += used
        want = max(self._size, least)
        parts: list[bytes] = []
        # To read the rest again is far less work than to put it before what follows.
        steps_back = (
            bool(rest) and not self.ended and self._step_back is not None and self._step_back(len(rest))
        )
        if not steps_back:
            parts.append(rest)
            want -= len(rest)
        self.buffer = b""
        while want > 0 and not self.ended:
            try:
                part = self._stream.read(want)
            except (InputError, OSError) as error:
                part, self.failure = b"", error
            self.ended = not part
            want -= len(part)
            parts.append(part)
        if steps_back and self.failure is not None and not any(parts):
            parts.append(rest)
        # Joining one part gives the part itself: the usual file of one window is not copied.
        self.buffer = b"".join(part for part in parts if part)
