"""One direction's records: cut out of the stream, opened, and joined to the plaintext.

The loop in `open_records` is the hottest code of the packet path: one call into the cipher per record of
application data, straight into a scratch buffer, and hardly anything else; where its twin was compiled, that runs.
Whatever is not application data comes out as an `Event` for the connection to judge.
"""

import re
from array import array

from cryptography.exceptions import InvalidTag

from phonehome.wire.tls.ciphers import HEADER_BYTES, SLACK, Opener
from phonehome.wire.tls.events import (
    APPLICATION_DATA,
    CHANGE_CIPHER_SPEC,
    HEARTBEAT,
    MAX_RECORD_BYTES,
    SSLV2_HELLO,
    Event,
    What,
)
from phonehome.wire.tls.plain import Plain

SCRATCH_BYTES = 64 * 1024
"""Plaintext gathered before it is copied out: small enough to stay in the processor's cache."""

_HISTORY_BYTES = (
    64  # what stays before the position: the block (and MAC) that a block cipher's chain begins with
)
# Type, version, and a size of at most MAX_RECORD_BYTES.
_HEADER = re.compile(rb"[\x14-\x18]\x03[\x00-\x04](?:[\x00-\x47].|\x48\x00)", re.DOTALL)


class RecordStream:
    """Bytes of one direction in, plaintext and events out.

    Attributes:
        opener: The protection in force; None while records are in clear.
        sequence: Number of the next record under `opener`.
        sealed: There are no keys for what comes: records are only counted.
        closed: Payload bytes of application data that stayed closed.
        lost: Bytes that the recording misses.
        waiting: Bytes fed and not read yet.
        data: The bytes at hand.
        finished: Nothing will be fed any more.
    """

    __slots__ = (
        "_base",
        "_boundary",
        "_coming",
        "_dead",
        "_gaps",
        "_marks",
        "_parts",
        "_plain_end",
        "_plain_start",
        "_position",
        "_searching",
        "closed",
        "data",
        "finished",
        "lost",
        "opener",
        "sealed",
        "sequence",
        "waiting",
    )

    def __init__(self) -> None:
        self.opener: Opener | None = None
        self.sequence = 0
        self.sealed = False
        self.closed = 0
        self.lost = 0
        self.waiting = 0
        self.data = b""
        self.finished = False
        self._position = 0
        self._base = 0
        self._boundary = 0
        self._searching = False
        self._dead = False
        self._coming: list[bytes | int] = []
        self._parts: list[bytes] = []
        self._marks = array("q")
        self._gaps: list[tuple[int, int]] = []
        self._plain_start = 0
        self._plain_end = 0

    def feed(self, data: bytes) -> None:
        """Take more bytes of the stream."""
        if self._dead:
            self.closed += len(data)
        elif data:
            self._coming.append(data)
            self.waiting += len(data)

    def gap(self, size: int) -> None:
        """Take note that `size` bytes are missing here."""
        self.lost += size
        if not self._dead:
            self._coming.append(size)

    def take(self) -> Plain | None:
        """Give what was decrypted since the last call, None if there is nothing new."""
        if not self._parts and not self._gaps:
            return None
        plain = Plain(self._plain_start, self._parts, self._marks, self._gaps)
        self._parts, self._marks, self._gaps = [], array("q"), []
        self._plain_start = self._plain_end
        return plain

    def advance(self) -> Event | None:
        """Read on, to the next event or to the end of what was fed."""
        while not self._dead:
            if self._searching:
                event = self._search()
            elif self.opener is not None:
                event = self._open_records(self.opener)
            elif self.sealed:
                event = self._count_records()
            else:
                event = self._clear_record()
            if event is not None:
                return event
            if not self._fill():
                return self._cross_gap() if self._coming else None
        return None

    def accept(self, event: Event, opener: Opener | None, sequence: int, missing: int) -> None:
        """Read on at a candidate.

        Args:
            event: The candidate.
            opener: The protection under which it opens.
            sequence: Its number.
            missing: How many bytes of plaintext the gap hides.
        """
        self.opener = opener
        self.sequence = sequence
        self._searching = False
        self._position = event.start
        self.mark_gap(missing)

    def reject(self, event: Event) -> None:
        """Look for another candidate."""
        self.closed += 1
        self._position = event.start + 1

    def reread(self, event: Event, opener: Opener, sequence: int) -> None:
        """Read a record again, under keys that open it."""
        self.opener = opener
        self.sequence = sequence
        self._position = event.start

    def mark_gap(self, size: int) -> None:
        """Note in the plaintext that `size` bytes are missing at its end."""
        if size > 0:
            self._gaps.append((self._plain_end, size))
            self._plain_end += size

    def seal(self) -> None:
        """Give up on opening what comes."""
        self.opener = None
        self.sealed = True

    @property
    def unread(self) -> int:
        """Bytes fed of which no event came."""
        return self.waiting + len(self.data) - self._position

    def give_up(self) -> None:
        """Count everything from here on as closed, records or not."""
        self.closed += self.unread
        self._coming.clear()
        self.data, self._position, self.waiting = b"", 0, 0
        self._dead = True

    def search(self) -> None:
        """Look for the next record from here, as behind a gap."""
        self._boundary = self._base + self._position
        self._searching = True

    def hidden(self, event: Event) -> int:
        """Bytes of the stream between the last record read and a candidate."""
        return self._base + event.start - self._boundary

    def append(self, content: bytes, event: Event) -> None:
        """Add the content of a record that was opened elsewhere to the plaintext."""
        if content:
            self._marks.extend((self._plain_end, self._base + event.start))
            self._parts.append(content)
            self._plain_end += len(content)

    def _fill(self) -> bool:
        """Move what was fed, up to the next gap, behind what is left; False if there is nothing."""
        coming = self._coming
        count = 0
        while count < len(coming) and isinstance(coming[count], bytes):
            count += 1
        if not count:
            return False
        pieces = [piece for piece in coming[:count] if isinstance(piece, bytes)]
        del coming[:count]
        self.waiting -= sum(map(len, pieces))
        keep = max(0, self._position - _HISTORY_BYTES)
        if keep < len(self.data):
            pieces.insert(0, self.data[keep:])
            self._base += keep
            self._position -= keep
        else:
            self._base += len(self.data)
            self._position = 0
        self.data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return True

    def _cross_gap(self) -> Event:
        """Step over the missing bytes that come next; a record that was cut is closed."""
        left = len(self.data) - self._position
        self.closed += left
        if not self._searching:
            self._boundary = self._base + self._position
        self._base += len(self.data)
        while self._coming and isinstance(self._coming[0], int):
            self._base += self._coming[0]
            del self._coming[0]
        self.data, self._position = b"", 0
        self._searching = True
        return Event(What.GAP)

    def _search(self) -> Event | None:
        """Find the next place where a whole record may stand.

        Waits for the end of each in turn, so that it does not matter how the stream was cut into pieces.
        """
        ending = isinstance(self._coming[0], int) if self._coming else self.finished
        while True:
            match = _HEADER.search(self.data, self._position)
            if match is None:
                stop = max(self._position, len(self.data) - HEADER_BYTES + 1)
                self.closed += stop - self._position
                self._position = stop
                return None
            start = match.start()
            self.closed += start - self._position
            self._position = start
            if len(self.data) - start < HEADER_BYTES:
                return None
            stop = start + HEADER_BYTES + (self.data[start + 3] << 8 | self.data[start + 4])
            if stop > len(self.data):
                if not ending:
                    return None
            elif self.opener is not None or self._followed(stop, ending=ending):
                return Event(What.CANDIDATE, self.data[start], b"", start, stop)
            elif not ending and len(self.data) - stop < HEADER_BYTES:
                return None
            self.closed += 1
            self._position = start + 1

    def _followed(self, stop: int, *, ending: bool) -> bool:
        """Whether another record begins behind: what must do where nothing can be opened."""
        if len(self.data) - stop < HEADER_BYTES:
            return ending and stop == len(self.data)
        return _HEADER.match(self.data, stop) is not None

    def _clear_record(self) -> Event | None:
        data, start = self.data, self._position
        if len(data) - start < HEADER_BYTES:
            return None
        if not self._base + start and data[0] & 0x80:
            return self._sslv2_hello()
        size = data[start + 3] << 8 | data[start + 4]
        if not _HEADER.match(data, start):
            return Event(What.GARBAGE)
        stop = start + HEADER_BYTES + size
        if stop > len(data):
            return None
        self._position = stop
        return Event(What.CONTENT, data[start], data[start + HEADER_BYTES : stop], start, stop)

    def _sslv2_hello(self) -> Event | None:
        size = (self.data[0] & 0x7F) << 8 | self.data[1]
        stop = 2 + size
        if self.data[2] != 1 or self.data[3] != 3 or not size:
            return Event(What.GARBAGE)
        if stop > len(self.data):
            return None
        self._position = stop
        return Event(What.CONTENT, SSLV2_HELLO, self.data[2:stop], 0, stop)

    def _count_records(self) -> Event | None:
        """Walk over records that stay closed."""
        data, start, end = self.data, self._position, len(self.data)
        while end - start >= HEADER_BYTES:
            size = data[start + 3] << 8 | data[start + 4]
            if (
                size > MAX_RECORD_BYTES
                or data[start + 1] != 3
                or not CHANGE_CIPHER_SPEC <= data[start] <= HEARTBEAT
            ):
                self._position = start
                return Event(What.GARBAGE)
            stop = start + HEADER_BYTES + size
            if stop > end:
                break
            if data[start] == APPLICATION_DATA:
                self.closed += size
            start = stop
        self._position = start
        return None

    def _open_records(self, opener: Opener) -> Event | None:
        """Open record after record, until one is no application data or is not there whole."""
        self._position, self.sequence, self._plain_end, event = _open(
            opener,
            self.data,
            self._position,
            self.sequence,
            self._parts,
            self._marks,
            self._base,
            self._plain_end,
        )
        return event


def open_records(
    opener: Opener,
    data: bytes,
    position: int,
    sequence: int,
    parts: list[bytes],
    marks: "array[int]",
    base: int,
    plain: int,
) -> tuple[int, int, int, Event | None]:
    """Open record after record, until one is no application data or is not there whole.

    Args:
        opener: The protection in force.
        data: What holds the records.
        position: Where the first begins.
        sequence: Its number.
        parts: Takes the content.
        marks: Takes for each record two numbers: where its content begins in all that was decrypted, and where it does
            in the stream.
        base: Where in the stream `data` begins.
        plain: How much was decrypted before.

    Returns:
        Where the first record begins that was not read; its number; how much was decrypted; and the record that ended
        the walk, if one did.
    """
    end = len(data)
    if end - position < HEADER_BYTES:
        return position, sequence, plain, None
    room = min(SCRATCH_BYTES, end - position)
    out = bytearray(room + SLACK)
    target, view = memoryview(out), memoryview(data)
    open_record, inner = opener.open, opener.inner_type
    filled = 0
    event: Event | None = None
    while end - position >= HEADER_BYTES:
        kind = data[position]
        size = data[position + 3] << 8 | data[position + 4]
        stop = position + HEADER_BYTES + size
        if data[position + 1] != 3 or size > MAX_RECORD_BYTES or not CHANGE_CIPHER_SPEC <= kind <= HEARTBEAT:
            event = Event(What.GARBAGE)
            break
        if stop > end:
            break
        if filled + size > room:
            parts.append(bytes(target[:filled]))
            plain += filled
            filled = 0
        if inner and kind != APPLICATION_DATA:
            event = Event(What.CONTENT, kind, data[position + HEADER_BYTES : stop], position, stop)
            position = stop
            break
        try:
            written = open_record(sequence, data, view, position, stop, target, filled)
        except InvalidTag:
            event = Event(What.SEALED, kind, b"", position, stop)
            position = stop
            break
        sequence += 1
        if inner:
            written, kind = _unpad(out, filled, written)
        if kind != APPLICATION_DATA:
            event = Event(What.CONTENT, kind, bytes(target[filled : filled + written]), position, stop)
            position = stop
            break
        if written:
            marks.extend((plain + filled, base + position))
            filled += written
        position = stop
    if filled:
        parts.append(bytes(target[:filled]))
    return position, sequence, plain + filled, event


def _unpad(out: bytearray, start: int, size: int) -> tuple[int, int]:
    """Size and content type of what a record of TLS 1.3 held, without padding; type 0 if there is none."""
    if size and out[start + size - 1]:
        return size - 1, out[start + size - 1]
    content = bytes(memoryview(out)[start : start + size]).rstrip(b"\0")
    return (len(content) - 1, content[-1]) if content else (0, 0)


try:
    from phonehome.wire.native.records import open_records as _open
except ImportError:
    _open = open_records
