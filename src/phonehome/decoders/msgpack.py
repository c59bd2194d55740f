"""MessagePack (github.com/msgpack/msgpack, `spec.md`): a map or an array that fills the buffer exactly."""

import struct

from phonehome.decoders.base import Leaf
from phonehome.decoders.json_text import MAX_STEP, MIN_KEY, member_step
from phonehome.model.errors import DecodeError, LimitExceeded

MAX_DEPTH = 64
"""Maps and arrays within one another."""
_UNSIGNED = {0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8}
_SIGNED = {0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_FLOATS = {0xCA: (">f", 4), 0xCB: (">d", 8)}
_STRINGS = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_BINARIES = {0xC4: 1, 0xC5: 2, 0xC6: 4}
_EXTENSIONS = {0xC7: 1, 0xC8: 2, 0xC9: 4}
_FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_COLLECTIONS = {0xDC: (2, False), 0xDD: (4, False), 0xDE: (2, True), 0xDF: (4, True)}
_CONSTANTS = frozenset((0xC0, 0xC2, 0xC3))
_TOP = frozenset((*range(0x80, 0xA0), *_COLLECTIONS))


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

    def _length(self, width: int) -> int:
        start, end = self._take(width)
        return int.from_bytes(self.data[start:end], "big")

    def item(self, step: str, depth: int) -> None:
        """Read one item of any type and add its parts."""
        tag = self.data[self.pos]
        self.pos += 1
        if tag < 0x80:
            self._add(step, b"%d" % tag, self.pos - 1, self.pos)
        elif tag < 0x90:
            self._map(step, tag & 15, depth)
        elif tag < 0xA0:
            self._array(step, tag & 15, depth)
        elif tag < 0xC0:
            self._bytes(step, tag & 31)
        elif tag >= 0xE0:
            self._add(step, b"%d" % (tag - 256), self.pos - 1, self.pos)
        elif tag in _STRINGS:
            self._bytes(step, self._length(_STRINGS[tag]))
        elif tag in _COLLECTIONS:
            width, is_map = _COLLECTIONS[tag]
            (self._map if is_map else self._array)(step, self._length(width), depth)
        elif tag not in _CONSTANTS:
            self._scalar(step, tag)

    def _scalar(self, step: str, tag: int) -> None:
        if tag in _UNSIGNED or tag in _SIGNED:
            start, end = self._take(_UNSIGNED.get(tag) or _SIGNED[tag])
            number = int.from_bytes(self.data[start:end], "big", signed=tag in _SIGNED)
            self._add(step, b"%d" % number, start, end)
        elif tag in _FLOATS:
            code, width = _FLOATS[tag]
            start, end = self._take(width)
            raw = self.data[start:end]
            self._add(step, raw, start, end)
            self._add(step, repr(struct.unpack(code, raw)[0]).encode(), start, end)
        elif tag in _BINARIES:
            self._bytes(step, self._length(_BINARIES[tag]))
        elif tag in _EXTENSIONS or tag in _FIXED_EXTENSIONS:
            size = _FIXED_EXTENSIONS.get(tag) or self._length(_EXTENSIONS[tag])
            self._take(1)  # the application's type
            self._bytes(step, size)
        else:
            raise DecodeError("expected MessagePack; a byte stands for no type")

    def _bytes(self, step: str, size: int) -> None:
        start, end = self._take(size)
        if size:
            self._add(step, self.data[start:end], start, end)

    def _add(self, step: str, data: bytes, start: int, end: int) -> None:
        self.leaves.append(Leaf(step, data, start, end))
        if len(self.leaves) > self.limit:
            raise LimitExceeded(f"more than {self.limit} parts in MessagePack")

    def _enter(self, step: str, items: int, depth: int) -> None:
        if items > self.size - self.pos:
            raise IndexError
        if depth > MAX_DEPTH or len(step) > MAX_STEP:
            raise LimitExceeded(f"MessagePack is nested deeper than {MAX_DEPTH} levels")

    def _array(self, step: str, count: int, depth: int) -> None:
        self._enter(step, count, depth)
        for index in range(count):
            self.item(f"{step}[{index}]", depth + 1)

    def _map(self, step: str, count: int, depth: int) -> None:
        self._enter(step, 2 * count, depth)
        for _ in range(count):
            self.item(self._key(step), depth + 1)

    def _key(self, parent: str) -> str:
        """Read a key, a string or an integer, and give the step of its value."""
        mark = len(self.leaves)
        tag = self.data[self.pos]
        if 0x80 <= tag < 0xA0 or tag in _COLLECTIONS or tag in _FLOATS or tag in _CONSTANTS:
            raise DecodeError("expected MessagePack; a key is neither a string nor an integer")
        self.item("", 0)
        found = self.leaves[mark:]
        del self.leaves[mark:]
        key = found[0].data if found else b""
        step = member_step(parent, key.decode("utf-8", "backslashreplace"))
        if len(key) >= MIN_KEY:
            self._add(f"{step}{{key}}", key, found[0].start, found[0].end)
        return step


class MessagePack:
    """A map or an array; keys are strings or integers."""

    name = "msgpack"

    def split(self, data: bytes, limit: int) -> list[Leaf]:
        """Give strings and bytes with their place, numbers in decimal, and the longer keys.

        A floating point number is given as its bytes and as text. Steps are those of JSON.

        Raises:
            DecodeError: Not MessagePack, or something follows it.
            LimitExceeded: More than `limit` parts, or nested too deeply.
        """
        if data[:1] == b"" or data[0] not in _TOP:
            raise DecodeError(f"expected MessagePack; {len(data)} bytes begin with no map or array")
        reader = _Reader(data, limit)
        try:
            reader.item("$", 1)
        except IndexError:
            raise DecodeError(f"expected MessagePack; {len(data)} bytes end within an item") from None
        if reader.pos != len(data) or not reader.leaves:
            raise DecodeError(f"expected MessagePack; {len(data) - reader.pos} bytes follow it")
        return reader.leaves
