"""The chunked transfer coding (RFC 9112 section 7.1), read from pieces of any size."""

from phonehome.model.exchange import Header
from phonehome.wire.body import BodyBuffer
from phonehome.wire.http1_head import parse_fields
from phonehome.wire.http_message import CHUNK_FAULTS, MAX_HEAD

MAX_CHUNK_LINE = 16 * 1024
"""Bytes of one size line with its extensions."""
_MAX_SIZE_DIGITS = 15
_LONG_LINE, _WRONG_END, _NO_SIZE, _LONG_TRAILERS = CHUNK_FAULTS
_HEX = frozenset(b"0123456789abcdefABCDEF")

_SIZE, _DATA, _DATA_END, _TRAILER = range(4)


class ChunkReader:
    """Reads one chunked body.

    Attributes:
        body: What the chunks held.
        trailers: The fields behind the last chunk.
        dropped: Bytes of trailers that are beyond the bounds.
        done: The last chunk and the trailers were read.
        fault: Why reading ended early, or None.
        rejected: The line at which it did, pieces read before included: it is not the body's.
    """

    __slots__ = (
        "_left",
        "_line",
        "_lines",
        "_lines_size",
        "_state",
        "body",
        "done",
        "dropped",
        "fault",
        "rejected",
        "trailers",
    )

    def __init__(self) -> None:
        self.body = BodyBuffer()
        self.trailers: tuple[Header, ...] = ()
        self.dropped = 0
        self.done = False
        self.fault: str | None = None
        self.rejected = b""
        self._state = _SIZE
        self._left = 0
        self._line = bytearray()
        self._lines: list[bytes] = []
        self._lines_size = 0

    def read(self, data: bytes, position: int) -> int:
        """Read on from `position`; gives where it stopped: the end of the data, or of the body."""
        size = len(data)
        if self._state == _SIZE and not self._line:
            position = self._read_whole(data, position)
        while position < size and not self.done:
            if self._state == _DATA:
                end = min(size, position + self._left)
                self.body.add(data[position:end])
                self._left -= end - position
                position = end
                if not self._left:
                    self._state = _DATA_END
                continue
            limit = position + MAX_CHUNK_LINE + 1 - len(self._line)
            end = data.find(b"\n", position, limit) + 1
            if not end:
                self._line += data[position:limit]
                if len(self._line) > MAX_CHUNK_LINE:
                    self._fail(_LONG_LINE, bytes(self._line))
                return min(size, limit)
            line = data[position:end]
            if self._line:
                line = bytes(self._line) + line
                self._line.clear()
            self._take_line(line)
            position = end
        return position

    def _read_whole(self, data: bytes, position: int) -> int:
        """Read the chunks that are there whole and in the ordinary form, as nearly all are."""
        while True:
            end = data.find(b"\r\n", position, position + _MAX_SIZE_DIGITS + 2)
            digits = data[position : max(position, end)]
            if not digits or not _HEX.issuperset(digits):
                return position
            size = int(digits, 16)
            begin = end + 2
            stop = begin + size
            if data[stop : stop + 2] != b"\r\n":
                return position
            position = stop + 2
            if not size:
                self._end()
                return position
            self.body.add(data[begin:stop])

    def _take_line(self, line: bytes) -> None:
        text = line[:-2] if line.endswith(b"\r\n") else line[:-1]
        if self._state == _DATA_END:
            if text:
                self._fail(_WRONG_END, line)
            self._state = _SIZE
        elif self._state == _SIZE:
            digits = text.partition(b";")[0].strip(b" \t")
            if not digits or len(digits) > _MAX_SIZE_DIGITS or not _HEX.issuperset(digits):
                self._fail(_NO_SIZE, line)
                return
            self._left = int(digits, 16)
            self._state = _DATA if self._left else _TRAILER
        elif text:
            self._lines_size += len(text)
            self._lines.append(text)
            if self._lines_size > MAX_HEAD:
                self._fail(_LONG_TRAILERS, b"")
        else:
            self._end()

    def _fail(self, reason: str, rejected: bytes) -> None:
        self.fault = reason
        self.rejected = rejected
        self._end()

    def _end(self) -> None:
        self.done = True
        self._line.clear()
        if self._lines:
            fields = parse_fields([b"", *self._lines])
            self.trailers, self.dropped = fields.headers, fields.dropped

    def gap(self, size: int) -> bool:
        """Skip lost bytes; tells whether it is still known where the next chunk begins."""
        if self._state != _DATA or size > self._left:
            return False
        self._left -= size
        if not self._left:
            self._state = _DATA_END
        return True

    @property
    def left(self) -> int:
        """Bytes of the chunk at hand that did not come yet."""
        return self._left if self._state == _DATA else 0
