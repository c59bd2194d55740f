"""One direction of a TCP connection: segments in, a stream out, with its gaps.

The ordinary stretch, where each segment continues the last, is told by columns and joined at once. Only what
is out of order, sent twice, overlapping or cut goes segment by segment. Of bytes that were sent twice the
first ones recorded count, which is what most receivers keep.
"""

from array import array
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from phonehome.wire.columns import Column
from phonehome.wire.places import Places
from phonehome.wire.segments import Segments

SYN, FIN, RST, ACK = 0x02, 0x01, 0x04, 0x10

MAX_PENDING_BYTES = 4 << 20
"""Bytes kept behind a missing segment before it is given up as lost."""

MAX_PENDING_SEGMENTS = 8192
"""Segments kept behind a missing one, so that tiny ones cost no more than others."""

MAX_PENDING_WINDOWS = 1
"""Whole windows of the capture for which a missing segment is waited for."""

MAX_JUMP = 1 << 26
"""One segment that is farther off, ahead or behind, is no part of the stream; two in a row are where it goes on."""

MAX_EARLY = 1 << 20
"""How far before the first segment recorded a stream may begin whose opening is not in the recording."""

_NEAR = 4
"""Segments of which one may hold the beginning of another that was sent again."""

_MODULUS = 1 << 32
_HALF = 1 << 31


class _Late(NamedTuple):
    """A segment looked at singly; orders by its offset in the stream."""

    offset: int
    number: int
    time: int
    data: bytes
    cut: int


@dataclass(slots=True)
class Batch:
    """The segments with payload of a window, ordered by conversation, direction and place.

    Attributes:
        buffer: What the places point into.
        view: The same.
        starts, ends: Where each payload begins and ends.
        cut: Bytes of each payload that were on the wire but not recorded.
        sequence: Sequence number of the first byte of each payload.
        acknowledged: What each acknowledges, where its flags say that it does.
        numbers, times: Of each packet.
        before: Recorded bytes of all payloads before each one, in this order.
        breaks: The places of payloads that do not continue the one before them, or behind one that is cut.
        turns: The places of payloads that lie before the end of the one before them, or behind an ending; where a
            direction begins that means nothing.
    """

    buffer: bytes
    view: memoryview
    starts: "array[int]"
    ends: "array[int]"
    cut: "array[int]"
    sequence: "array[int]"
    acknowledged: "array[int]"
    numbers: "array[int]"
    times: "array[int]"
    before: Column
    breaks: list[int]
    turns: Column = field(repr=False)

    def runs(self, begin: int, end: int) -> list[tuple[int, int]]:
        """Give the stretches of a stretch in which each segment continues the last."""
        places = self.breaks[bisect_right(self.breaks, begin) : bisect_left(self.breaks, end)]
        if not places:
            return [(begin, end)]
        return list(zip([begin, *places], [*places, end], strict=True))


def make_batch(segments: Segments, order: Column) -> Batch:
    """Take the columns of segments in an order."""
    starts, ends, cut = segments.start[order], segments.end[order], segments.cut[order]
    sequence = (segments.sequence[order] + (segments.flags[order] & SYN != 0)) % _MODULUS
    size = ends - starts
    before = np.cumsum(size) - size
    breaks = np.flatnonzero((sequence[1:] != (sequence[:-1] + size[:-1]) % _MODULUS) | (cut[:-1] != 0)) + 1
    ahead = (sequence[1:] - sequence[:-1] - size[:-1] + _HALF) % _MODULUS - _HALF
    turns = np.flatnonzero((size[1:] > 1) & ((ahead < 0) | (segments.flags[order][:-1] & FIN != 0))) + 1
    return Batch(
        buffer=segments.buffer,
        view=memoryview(segments.buffer),
        starts=_integers(starts),
        ends=_integers(ends),
        cut=_integers(cut),
        sequence=_integers(sequence),
        acknowledged=_integers(segments.acknowledgement[order]),
        numbers=_integers(segments.number[order]),
        times=_integers(segments.time[order]),
        before=before,
        breaks=breaks.tolist(),
        turns=turns,
    )


def _integers(column: Column) -> "array[int]":
    """Copy a column into what gives Python's own integers, one by one and fast."""
    integers = array("q")
    integers.frombytes(column.data.cast("B"))
    return integers


def join_payloads(buffer: bytes, starts: "array[int]", ends: "array[int]", begin: int, end: int) -> bytes:
    """Join the stretches of a buffer from one place to before another in lists of where they begin and end."""
    view = memoryview(buffer)
    return b"".join(
        [view[start:stop] for start, stop in zip(starts[begin:end], ends[begin:end], strict=True)]
    )


try:
    from phonehome.wire.native.tcp import join_payloads as _join_payloads
except ImportError:
    _join_payloads = join_payloads


class Stream:
    """Puts one direction together.

    `receive` gives what can be read on, in order: bytes, or the size of a gap. The packets of what was given are
    in `places`.

    Attributes:
        places: Where in the capture it came.
        left_out: Bytes of segments so far off, or before its beginning, that they are no part of it.
        differing: Bytes sent again with another content than the first time, as far as one window tells.
        origin: The number of its first byte, where that is known.
    """

    __slots__ = (
        "_copies",
        "_end",
        "_index",
        "_least",
        "_next",
        "_pending",
        "_pending_bytes",
        "_pending_windows",
        "_sent",
        "_stray",
        "differing",
        "left_out",
        "origin",
        "places",
    )

    def __init__(self) -> None:
        self.places = Places()
        self.left_out = 0
        self.differing = 0
        self.origin: int | None = None
        self._index: list[tuple[int, int]] = []  # offset and place of the segments of the window at hand
        self._copies: set[int] = set()  # of them, those that gave nothing
        self._next: int | None = None
        self._pending: list[_Late] = []
        self._pending_bytes = 0
        self._pending_windows = 0
        self._stray: _Late | None = None  # its offset is a sequence number
        self._sent: int | None = None  # all before this number was sent
        self._least: int | None = None  # the first such number that was heard of
        self._end: int | None = None  # the number of the ending itself

    @property
    def is_waiting(self) -> bool:
        """Whether segments wait for one that is missing."""
        return bool(self._pending)

    def begin(self, sequence: int) -> None:
        """Note the number of the first byte, from a SYN; a repeated SYN changes nothing."""
        if self._next is None:
            self._next = self.origin = sequence % _MODULUS

    def note_sent(self, sequence: int) -> None:
        """Take the other side's word that it has all before a number; far off, it is not believed."""
        if self._sent is None:
            self._sent = self._least = sequence if self._next is None else self._next
        known = self._sent
        if self._next is not None and distance(self._next, known) < 0:
            known = self._next
        if 0 < distance(known, sequence) <= MAX_JUMP:
            self._sent = sequence

    def is_behind_end(self, sequence: int) -> bool:
        """Whether a number lies behind this side's ending."""
        return self._end is not None and distance(self._end, sequence) >= 0

    def note_end(self, sequence: int) -> None:
        """Take the number of this side's ending (FIN), up to which it has sent everything."""
        self._end = sequence % _MODULUS
        self.note_sent(self._end)

    def receive(self, batch: Batch, begin: int, end: int) -> list[bytes | int]:
        """Take segments of one window, in the order they were recorded."""
        if self._next is None:
            self._next = _first_sequence(batch, begin, end)
            if self._next is None:
                return []
            self.origin = self._next
        given: list[bytes | int] = []
        if self._index:
            self._index, self._copies = [], set()
        for start, stop in batch.runs(begin, end):
            place = start
            while place < stop:
                if not self._pending and batch.sequence[place] == self._next and not batch.cut[stop - 1]:
                    if data := self._receive_plain(batch, place, stop):
                        given.append(data)
                    break
                self._receive_singly(batch, place, place + 1, given, begin, end)
                place += 1
        return _joined(given) if len(given) > 1 else given

    def end_window(self) -> list[bytes | int]:
        """Give up segments that were waited for long enough."""
        if not self._pending:
            return []
        self._pending_windows += 1
        if self._pending_windows <= MAX_PENDING_WINDOWS:
            return []
        return self.flush()

    def flush(self) -> list[bytes | int]:
        """Give all that waits, with the gaps before it."""
        given: list[bytes | int] = []
        self._flush(given)
        return _joined(given)

    def finish(self) -> list[bytes | int]:
        """Give all that waits, and behind it the gap up to what is known to have been sent; nothing follows."""
        given: list[bytes | int] = []
        self._flush(given)
        if self._next is None:
            self._next = self._least
        if self._next is not None and self._sent is not None:
            missing = distance(self._next, self._sent)
            # An ending counts as a byte; one that is not in the recording is no lost byte.
            if self._end is None:
                missing -= missing == 1
            elif distance(self._end, self._sent) == 1:
                missing -= 1
            if 0 < missing <= MAX_JUMP:
                self._skip_to(self.places.end + missing, given)
        return _joined(given)

    def _receive_plain(self, batch: Batch, begin: int, end: int) -> bytes:
        data = _join_payloads(batch.buffer, batch.starts, batch.ends, begin, end)
        places = self.places
        before = batch.before[begin:end]
        places.add(
            _integers(before + (places.end - before[0])),
            batch.numbers[begin:end],
            batch.times[begin:end],
            places.end + len(data),
        )
        assert self._next is not None  # set by receive
        self._next = (self._next + len(data)) % _MODULUS
        return data

    def _receive_singly(
        self, batch: Batch, begin: int, end: int, given: list[bytes | int], first: int, last: int
    ) -> None:
        """Take segments one by one; all of the window stand from `first` to `last`."""
        for place in range(begin, end):
            if batch.starts[place] == batch.ends[place] and not batch.cut[place]:
                continue
            assert self._next is not None  # set by receive
            ahead = distance(self._next, batch.sequence[place])
            late = _Late(
                self.places.end + ahead,
                batch.numbers[place],
                batch.times[place],
                bytes(batch.view[batch.starts[place] : batch.ends[place]]),
                batch.cut[place],
            )
            if not -MAX_JUMP <= ahead <= MAX_JUMP:
                self._take_stray(late._replace(offset=batch.sequence[place]), given)
            elif ahead <= 0:
                if ahead < 0 and len(late.data) > 1:  # one byte is a keep-alive probe
                    self.left_out += min(max(-late.offset, 0), len(late.data))
                    self._compare(late, batch, place, first, last)
                self._deliver(late, given)
                self._drain(given)
            else:
                self._keep(late, given)

    def _compare(self, late: _Late, batch: Batch, place: int, first: int, last: int) -> None:
        """Count what of a segment differs from an earlier one of the window that holds the same stretch."""
        assert self._next is not None  # set by receive
        base, end = self._next, self.places.end
        if not self._index:
            self._index = sorted(
                [
                    (end - _HALF + (sequence - base + _HALF) % _MODULUS, one)  # as `distance` counts
                    for one, sequence in enumerate(batch.sequence[first:last], first)
                    if batch.starts[one] < batch.ends[one]
                ]
            )
        at, stop = late.offset, late.offset + len(late.data)
        if stop <= end:
            self._copies.add(place)
        after = bisect_right(self._index, (at, last))
        for here in range(max(after - _NEAR, 0), len(self._index)):
            offset, earlier = self._index[here]
            if offset >= stop:
                break
            begin, until = max(at, offset), min(stop, offset + batch.ends[earlier] - batch.starts[earlier])
            if earlier >= place or begin >= until or earlier in self._copies:
                continue
            place_of = batch.starts[earlier] - offset
            known = batch.view[place_of + begin : place_of + until]
            if known != late.data[begin - late.offset : until - late.offset]:
                self.differing += until - begin
            at = until

    def _keep(self, late: _Late, given: list[bytes | int]) -> None:
        if not self._pending:
            self._pending_windows = 0
        insort(self._pending, late)
        self._pending_bytes += len(late.data)
        while self._pending_bytes > MAX_PENDING_BYTES or len(self._pending) > MAX_PENDING_SEGMENTS:
            self._skip_to(self._pending[0].offset, given)
            self._drain(given)

    def _take_stray(self, stray: _Late, given: list[bytes | int]) -> None:
        """Go on far away, once a second segment there continues a first."""
        self.left_out += len(stray.data)
        before, self._stray = self._stray, stray
        if before is None or (before.offset + len(before.data) + before.cut) % _MODULUS != stray.offset:
            return
        self._stray = None
        self.left_out -= len(before.data) + len(stray.data)
        self._flush(given)
        assert self._next is not None  # set by receive
        missing = distance(self._next, before.offset)
        # Behind, it is another stream: how much of this one is missing is not known, but that something is.
        self._skip_to(self.places.end + max(missing, 1), given)
        self._next = before.offset
        self.origin = None
        self._index, self._copies = [], set()
        self._sent = self._end = None
        for late in (before, stray):
            self._deliver(late._replace(offset=self.places.end), given)

    def _flush(self, given: list[bytes | int]) -> None:
        while self._pending:
            self._skip_to(self._pending[0].offset, given)
            self._drain(given)

    def _drain(self, given: list[bytes | int]) -> None:
        while self._pending and self._pending[0].offset <= self.places.end:
            late = self._pending.pop(0)
            self._pending_bytes -= len(late.data)
            self._deliver(late, given)

    def _deliver(self, late: _Late, given: list[bytes | int]) -> None:
        """Give what is new of a segment that begins at the end of the stream, or before it."""
        known = self.places.end - late.offset
        if known < len(late.data):
            data = late.data[known:] if known else late.data
            self._advance(late, len(data))
            given.append(data)
            known = len(late.data)
        missing = len(late.data) + late.cut - known
        if missing > 0:
            self._advance(late, missing)
            given.append(missing)

    def _advance(self, late: _Late, size: int) -> None:
        end = self.places.end
        self.places.add_one(end, late.number, late.time, end + size)
        assert self._next is not None  # set by receive
        self._next = (self._next + size) % _MODULUS

    def _skip_to(self, offset: int, given: list[bytes | int]) -> None:
        missing = offset - self.places.end
        if missing > 0:
            self.places.end += missing
            assert self._next is not None  # set by receive
            self._next = (self._next + missing) % _MODULUS
            given.append(missing)


def distance(here: int, there: int) -> int:
    """How far a sequence number lies ahead of another; behind, it is negative."""
    return (there - here + _HALF) % _MODULUS - _HALF


def _first_sequence(batch: Batch, begin: int, end: int) -> int | None:
    """Where a stream begins whose opening is not in the recording; None if nothing of it is there.

    That is its lowest segment, which need not come first. A single zero byte is a keep-alive probe, which repeats the
    byte before.
    """
    holding = [
        batch.sequence[place]
        for place in range(begin, end)
        if batch.cut[place]
        or bytes(batch.view[batch.starts[place] : batch.ends[place]][:2]) not in (b"", b"\0")
    ]
    if not holding:
        return None
    ahead = (distance(holding[0], sequence) for sequence in holding)
    return (holding[0] + min(far for far in ahead if far >= -MAX_EARLY)) % _MODULUS


def _joined(given: list[bytes | int]) -> list[bytes | int]:
    """Join neighbours: bytes with bytes, gaps with gaps."""
    joined: list[bytes | int] = []
    pieces: list[bytes] = []
    for item in given:
        if isinstance(item, bytes):
            pieces.append(item)
            continue
        if pieces:
            joined.append(b"".join(pieces))
            pieces = []
        if joined and isinstance(joined[-1], int):
            joined[-1] += item
        else:
            joined.append(item)
    if pieces:
        joined.append(b"".join(pieces))
    return joined
