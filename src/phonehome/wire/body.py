"""Collects a body from many pieces without quadratic copying, and counts what it does not keep."""

from phonehome.wire.http_message import LONG_BODY, MAX_BODY, HttpMessage

_SMALL = 4096
_FLUSH = 64 * 1024


class BodyBuffer:
    """Pieces of one body; small ones are gathered, so that their number stays far below the byte count.

    Attributes:
        size: Bytes kept.
        dropped: Bytes beyond `limit`.
    """

    __slots__ = ("_limit", "_parts", "_small", "dropped", "size")

    def __init__(self, limit: int = MAX_BODY) -> None:
        self._parts: list[bytes] = []
        self._small = bytearray()
        self._limit = limit
        self.size = 0
        self.dropped = 0

    def add(self, piece: bytes) -> None:
        """Append a piece, as far as the limit allows."""
        room = self._limit - self.size
        if len(piece) > room:
            self.dropped += len(piece) - room
            piece = piece[:room]
        self.size += len(piece)
        if len(piece) >= _SMALL:
            self._flush()
            self._parts.append(piece)
            return
        self._small += piece
        if len(self._small) >= _FLUSH:
            self._flush()

    def _flush(self) -> None:
        if self._small:
            self._parts.append(bytes(self._small))
            self._small = bytearray()

    def join(self) -> bytes:
        """All that was kept."""
        if not self._parts:
            return bytes(self._small)
        self._flush()
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    def give(self, message: HttpMessage) -> None:
        """Give a message its body, and say what was not kept of it."""
        message.body = self.join()
        if self.dropped:
            message.truncated = True
            message.missing += self.dropped
            message.dropped += self.dropped
            message.add_note(LONG_BODY)
