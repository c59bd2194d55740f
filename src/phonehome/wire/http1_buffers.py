"""What a parser of HTTP/1 keeps beside messages: a head that is not whole yet, and bytes that were no HTTP."""

from phonehome.wire.http_message import MAX_HEAD

MAX_SKIPPED_KEPT = 4 * 1024 * 1024
"""Bytes that were no HTTP and are kept until they are asked for."""
MAX_STRETCHES_KEPT = 65_536
_MANY = 256


class HeldBytes:
    """Bytes that wait for more, in pieces.

    Attributes:
        size: How many.
    """

    __slots__ = ("_pieces", "size")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def add(self, data: bytes) -> None:
        """Append a piece."""
        if data:
            self._pieces.append(data)
            self.size += len(data)
            if len(self._pieces) > _MANY:
                self._pieces = [b"".join(self._pieces)]

    def peek(self) -> bytes:
        """All of them."""
        if len(self._pieces) > 1:
            self._pieces = [b"".join(self._pieces)]
        return self._pieces[0] if self._pieces else b""

    def take(self, data: bytes = b"") -> bytes:
        """All of them with `data` behind them; nothing is held after that."""
        self._pieces.append(data)
        whole = b"".join(self._pieces)
        self._pieces = []
        self.size = 0
        return whole

    def decides(self, data: bytes) -> bool:
        """Whether a head that is held ends in `data`, or grows beyond what is read."""
        if self.size + len(data) >= MAX_HEAD:
            return True
        tail = self._pieces[-1][-2:]
        if len(tail) < 2 and len(self._pieces) > 1:
            tail = self._pieces[-2][-1:] + tail
        probe = tail + data
        return b"\n\r\n" in probe or b"\n\n" in probe


class SkippedBytes:
    """Stretches of bytes that were no HTTP, as many as the bounds allow."""

    __slots__ = ("_size", "_stretches")

    def __init__(self) -> None:
        self._stretches: list[tuple[int, bytearray]] = []
        self._size = 0

    def add(self, start: int, data: bytes) -> None:
        """Keep bytes with their offset."""
        if not data or self._size + len(data) > MAX_SKIPPED_KEPT:
            return
        self._size += len(data)
        last = self._stretches[-1] if self._stretches else None
        if last is not None and last[0] + len(last[1]) == start:
            last[1].extend(data)
        elif len(self._stretches) < MAX_STRETCHES_KEPT:
            self._stretches.append((start, bytearray(data)))

    @property
    def start(self) -> int | None:
        """Where the first of them begins; None where there is none."""
        return self._stretches[0][0] if self._stretches else None

    def take(self) -> list[tuple[int, bytes]]:
        """The stretches since the last call."""
        stretches, self._stretches, self._size = self._stretches, [], 0
        return [(start, bytes(data)) for start, data in stretches]
