"""Where in the capture a stretch of a stream came: packet numbers and times, through records and upgrades."""

from array import array
from bisect import bisect_left, bisect_right
from typing import Protocol, TypeAlias

MAX_PLACES = 1 << 16
"""Places of one stream that are kept while something begun long ago still needs the first of them."""

_MIDDLE = slice(1 << 10, MAX_PLACES >> 1)
"""What goes when there are more: of so long a stretch, the packets at its beginning and its end are told."""

_WORTH = 64
"""Places that are forgotten together, as each time costs a copy of the rest."""

# Below, a search that begins at 1 never gives less, so what lies before the first place is told to be at it.


Integers: TypeAlias = "array[int]"


def numbers_in(offsets: Integers, numbers: Integers, start: int, end: int) -> tuple[int, ...]:
    """Give the numbers of what a stretch touches, of things that each begin at an offset."""
    first = bisect_right(offsets, start, 1) - 1
    return tuple(numbers[first : bisect_left(offsets, end, first + 1)])


def stretch_of(plain: Integers, records: Integers, start: int, end: int) -> tuple[int, int]:
    """Give where in the stream a stretch of plain text came from, by where records begin in either; there is one."""
    first = bisect_right(plain, start, 1) - 1
    after = bisect_left(plain, end, first)
    begin = records[first]
    # The last record ends where the next begins; of the very last one its head tells the first packet.
    stop = records[after] if after < len(records) else records[-1] + 1
    return begin, max(stop, begin + 1)


def value_at(begins: Integers, values: Integers, offset: int) -> int:
    """Give what belongs to the thing that an offset lies in; 0 if there is nothing."""
    return values[bisect_right(begins, offset, 1) - 1] if values else 0


try:
    from phonehome.wire.native.places import numbers_in as _numbers_in
    from phonehome.wire.native.places import stretch_of as _stretch_of
    from phonehome.wire.native.places import value_at as _value_at
except ImportError:
    _numbers_in, _stretch_of, _value_at = numbers_in, stretch_of, value_at


class StreamPlaces(Protocol):
    """Maps offsets of a stream to packets."""

    def packets(self, start: int, end: int) -> tuple[int, ...]:
        """Give the numbers of the packets that a stretch came in, in stream order."""

    def first(self, offset: int) -> int:
        """Give the number of the packet that an offset came in."""

    def time(self, offset: int) -> int:
        """Give its time, in nanoseconds since the epoch."""

    def forget(self, before: int) -> None:
        """Forget the places of what lies before an offset; nobody asks for them again."""


class Places:
    """Places of a TCP stream: the offset at which each packet's payload begins.

    Attributes:
        end: How long the stream is so far, gaps included.
    """

    __slots__ = ("_numbers", "_offsets", "_times", "end")

    def __init__(self) -> None:
        self._offsets = array("q")
        self._numbers = array("q")
        self._times = array("q")
        self.end = 0

    def add(self, offsets: Integers, numbers: Integers, times: Integers, end: int) -> None:
        """Note packets that follow the stream's end so far, which is then `end`."""
        self._offsets += offsets
        self._numbers += numbers
        self._times += times
        self.end = end
        while len(self._offsets) > MAX_PLACES:
            del self._offsets[_MIDDLE], self._numbers[_MIDDLE], self._times[_MIDDLE]

    def add_one(self, offset: int, number: int, time: int, end: int) -> None:
        """Note one packet."""
        self.add(array("q", (offset,)), array("q", (number,)), array("q", (time,)), end)

    def packets(self, start: int, end: int) -> tuple[int, ...]:
        """Give the numbers of the packets that a stretch came in, in stream order."""
        return _numbers_in(self._offsets, self._numbers, start, end)

    def first(self, offset: int) -> int:
        """Give the number of the packet that an offset came in; 0 if nothing came."""
        return _value_at(self._offsets, self._numbers, offset)

    def time(self, offset: int) -> int:
        """Give its time, in nanoseconds since the epoch."""
        return _value_at(self._offsets, self._times, offset)

    def forget(self, before: int) -> None:
        """Forget what lies before an offset, once that is worth the while; one packet always stays."""
        place = bisect_right(self._offsets, before) - 1
        if place > _WORTH:
            del self._offsets[:place], self._numbers[:place], self._times[:place]


class RecordPlaces:
    """Places of what TLS records held: the offset in the plain text at which each record begins."""

    __slots__ = ("_outer", "_plain", "_records")

    def __init__(self, outer: StreamPlaces) -> None:
        self._outer = outer
        self._plain = array("q")
        self._records = array("q")

    def add(self, marks: Integers) -> None:
        """Note records, by two numbers each: where it begins in the plain text, and in the stream."""
        self._plain += marks[::2]
        self._records += marks[1::2]
        while len(self._plain) > MAX_PLACES:
            del self._plain[_MIDDLE], self._records[_MIDDLE]

    def packets(self, start: int, end: int) -> tuple[int, ...]:
        """Give the numbers of the packets that a stretch came in, in stream order."""
        if not self._plain:
            return ()
        begin, stop = _stretch_of(self._plain, self._records, start, end)
        return self._outer.packets(begin, stop)

    def first(self, offset: int) -> int:
        """Give the number of the packet that an offset's record began in."""
        return self._outer.first(_value_at(self._plain, self._records, offset))

    def time(self, offset: int) -> int:
        """Give its time, in nanoseconds since the epoch."""
        return self._outer.time(_value_at(self._plain, self._records, offset))

    def forget(self, before: int) -> None:
        """Forget what lies before an offset, once that is worth the while."""
        place = bisect_right(self._plain, before) - 1
        if place > _WORTH:
            self._outer.forget(self._records[place])
            del self._plain[:place], self._records[:place]


class ShiftedPlaces:
    """Places of a stream that begins inside another: what follows an upgrade."""

    __slots__ = ("_by", "_outer")

    def __init__(self, outer: StreamPlaces, by: int) -> None:
        self._outer = outer
        self._by = by

    def packets(self, start: int, end: int) -> tuple[int, ...]:
        """Give the numbers of the packets that a stretch came in, in stream order."""
        return self._outer.packets(start + self._by, end + self._by)

    def first(self, offset: int) -> int:
        """Give the number of the packet that an offset came in."""
        return self._outer.first(offset + self._by)

    def time(self, offset: int) -> int:
        """Give its time, in nanoseconds since the epoch."""
        return self._outer.time(offset + self._by)

    def forget(self, before: int) -> None:
        """Forget the places of what lies before an offset."""
        self._outer.forget(before + self._by)
