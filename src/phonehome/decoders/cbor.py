"""CBOR (RFC 8949): a map or an array, perhaps tagged, that fills the buffer exactly."""

import struct

from phonehome.decoders.base import Leaf
from phonehome.decoders.json_text import MAX_STEP, MIN_KEY, member_step
from phonehome.model.errors import DecodeError, LimitExceeded

MAX_DEPTH = 64
"""Maps, arrays and tags within one another."""
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_WIDTHS = {24: 1, 25: 2, 26: 4, 27: 8}
_INDEFINITE = 31
_BREAK = 0xFF
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_NAMED_SIMPLE = range(20, 24)  # false, true, null, undefined; the rest is unassigned


class _Reader:
    """Walks one document; collects the parts. An IndexError says that the data ended early."""

    def __init__(self, data: bytes, limit: int) -> None:
        self.data = data
        self.size = len(data)
        self.pos = 0
        self.limit = limit
        self.leaves: list[Leaf] = []

    def _take(self, count: int) -> tuple[int, int]:
        start, end = self.pos, self.pos + count
        if end > self.size:
            raise IndexError
        self.pos = end
        return start, end

    def _head(self) -> tuple[int, int, int]:
        """Read the head of an item: its major type, its additional information, and its argument."""
        first = self.data[self.pos]
        self.pos += 1
        major, info = first >> 5, first & 31
        if info < 24:
            return major, info, info
        if info in _WIDTHS:
            start, end = self._take(_WIDTHS[info])
            return major, info, int.from_bytes(self.data[start:end], "big")
        if info == _INDEFINITE and _BYTES <= major <= _MAP:
            return major, info, -1
        raise DecodeError("expected CBOR; a head is not well-formed")

    def skip_tag(self) -> None:
        """Read a tag before the top item."""
        self._head()

    def item(self, step: str, depth: int) -> None:
        """Read one item of any type and add its parts."""
        place = self.pos
        major, info, argument = self._head()
        if major <= _NEGATIVE:
            number = -1 - argument if major == _NEGATIVE else argument
            self._add(step, b"%d" % number, place, self.pos)
        elif major <= _TEXT:
            self._string(step, major, argument)
        elif major == _ARRAY:
            self._enter(step, argument, depth)
            index = 0
            while self._goes_on(argument, index):
                self.item(f"{step}[{index}]", depth + 1)
                index += 1
        elif major == _MAP:
            self._enter(step, 2 * argument, depth)
            index = 0
            while self._goes_on(argument, index):
                self.item(self._key(step), depth + 1)
                index += 1
        elif major == _TAG:
            self._enter(step, 1, depth)
            self.item(step, depth + 1)
        else:
            self._simple(step, info, argument)

    def _goes_on(self, count: int, index: int) -> bool:
        """Tell whether another item follows; reads the break of an indefinite length."""
        if count >= 0:
            return index < count
        if self.data[self.pos] != _BREAK:
            return True
        self.pos += 1
        return False

    def _enter(self, step: str, items: int, depth: int) -> None:
        if items > self.size - self.pos:
            raise IndexError
        if depth > MAX_DEPTH or len(step) > MAX_STEP:
            raise LimitExceeded(f"CBOR is nested deeper than {MAX_DEPTH} levels")

    def _string(self, step: str, major: int, size: int) -> None:
        if size >= 0:
            start, end = self._take(size)
            content = self.data[start:end]
        else:
            start, chunks = self.pos, []
            while self._goes_on(-1, 0):
                kind, info, length = self._head()
                if kind != major or info == _INDEFINITE:
                    raise DecodeError("expected CBOR; a chunk of a string is of another type")
                first, last = self._take(length)
                chunks.append(self.data[first:last])
            content, end = b"".join(chunks), self.pos - 1
        if major == _TEXT:
            try:
                content.decode()
            except UnicodeDecodeError:
                raise DecodeError("expected CBOR; a text is not UTF-8") from None
        if content:
            self._add(step, content, start, end)

    def _simple(self, step: str, info: int, argument: int) -> None:
        if info in _FLOATS:
            start = self.pos - _WIDTHS[info]
            raw = self.data[start : self.pos]
            self._add(step, raw, start, self.pos)
            self._add(step, repr(struct.unpack(_FLOATS[info], raw)[0]).encode(), start, self.pos)
        elif info == 24 or argument not in _NAMED_SIMPLE:
            raise DecodeError("expected CBOR; a simple value is unassigned")

    def _add(self, step: str, data: bytes, start: int, end: int) -> None:
        self.leaves.append(Leaf(step, data, start, end))
        if len(self.leaves) > self.limit:
            raise LimitExceeded(f"more than {self.limit} parts in CBOR")

    def _key(self, parent: str) -> str:
        """Read a key, a string or an integer, and give the step of its value."""
        if self.data[self.pos] >> 5 > _TEXT:
            raise DecodeError("expected CBOR; a key is neither a string nor an integer")
        mark = len(self.leaves)
        self.item("", 0)
        found = self.leaves[mark:]
        del self.leaves[mark:]
        key = found[0].data if found else b""
        step = member_step(parent, key.decode("utf-8", "backslashreplace"))
        if len(key) >= MIN_KEY:
            self._add(f"{step}{{key}}", key, found[0].start, found[0].end)
        return step


class Cbor:
    """A map or an array, of definite or indefinite length; keys are strings or integers."""

    name = "cbor"

    def split(self, data: bytes, limit: int) -> list[Leaf]:
        """Give strings and bytes with their place, numbers in decimal, and the longer keys.

        A floating point number is given as its bytes and as text. Steps are those of JSON.

        Raises:
            DecodeError: Not CBOR, or something follows it.
            LimitExceeded: More than `limit` parts, or nested too deeply.
        """
        if data[:1] == b"" or not _ARRAY <= data[0] >> 5 <= _TAG:
            raise DecodeError(f"expected CBOR; {len(data)} bytes begin with no map or array")
        reader = _Reader(data, limit)
        try:
            while data[reader.pos] >> 5 == _TAG:
                reader.skip_tag()
            # A tag is no reason to take a single number or string for a document.
            if not _ARRAY <= data[reader.pos] >> 5 <= _MAP:
                raise DecodeError(f"expected CBOR; {len(data)} bytes hold no map or array")
            reader.item("$", 1)
        except IndexError:
            raise DecodeError(f"expected CBOR; {len(data)} bytes end within an item") from None
        if reader.pos != len(data) or not reader.leaves:
            raise DecodeError(f"expected CBOR; {len(data) - reader.pos} bytes follow it")
        return reader.leaves
