"""Apple's binary property lists: objects that refer to one another by number, and a table of their places.

Read after the comments in CoreFoundation's `CFBinaryPList.c`. The standard library's reader does not tell
where a value stood, and bounds neither depth nor shared references; here visits are counted.
"""

import struct

from phonehome.decoders.base import Leaf
from phonehome.decoders.json_text import MAX_STEP, MIN_KEY, member_step
from phonehome.model.errors import DecodeError, LimitExceeded

MAX_DEPTH = 64
"""Arrays, sets and dictionaries within one another."""
MAX_VISITS = 1 << 18
"""Objects that are read; one that is referred to several times is read each time."""
_MAGIC = b"bplist0"
_TRAILER = struct.Struct(">6xBBQQQ")
_INT, _REAL, _DATE, _DATA, _ASCII, _UTF16, _UID = 1, 2, 3, 4, 5, 6, 8
_ARRAY, _ORDERED_SET, _SET, _DICT = 10, 11, 12, 13
_FLOATS = {4: ">f", 8: ">d"}


class _Reader:
    """Walks the objects from the top one; collects the parts. An IndexError says that a place is outside."""

    def __init__(self, data: bytes, limit: int) -> None:
        self.data = data
        self.limit = limit
        self.leaves: list[Leaf] = []
        self.visits = 0
        self.offset_size, self.ref_size, self.count, self.top, self.table = _TRAILER.unpack(data[-32:])
        fits = self.table + self.count * self.offset_size <= len(data) - _TRAILER.size
        if not (1 <= self.offset_size <= 8 and 1 <= self.ref_size <= 8 and fits and self.top < self.count):
            raise DecodeError("expected a binary property list; its trailer does not fit it")

    def _number(self, start: int, width: int) -> int:
        raw = self.data[start : start + width]
        if len(raw) < width:
            raise IndexError
        return int.from_bytes(raw, "big")

    def _offset(self, reference: int) -> int:
        if reference >= self.count:
            raise IndexError
        return self._number(self.table + reference * self.offset_size, self.offset_size)

    def _head(self, reference: int) -> tuple[int, int, int]:
        """Read the head of an object: its kind, its size, and where its content begins."""
        self.visits += 1
        if self.visits > MAX_VISITS:
            raise LimitExceeded(f"a binary property list refers to more than {MAX_VISITS} objects")
        pos = self._offset(reference)
        kind, size = self.data[pos] >> 4, self.data[pos] & 15
        pos += 1
        if size == 15 and kind > _DATE:
            width = 1 << (self.data[pos] & 15)
            if self.data[pos] >> 4 != _INT or width > 8:
                raise DecodeError("expected a binary property list; a size is no integer")
            size = self._number(pos + 1, width)
            pos += 1 + width
        return kind, size, pos

    def item(self, reference: int, step: str, depth: int) -> None:
        """Read one object and add its parts."""
        kind, size, pos = self._head(reference)
        if kind in (_ARRAY, _ORDERED_SET, _SET):
            self._enter(step, pos, size, depth)
            for index in range(size):
                self.item(self._reference(pos, index), f"{step}[{index}]", depth + 1)
        elif kind == _DICT:
            self._enter(step, pos, 2 * size, depth)
            for index in range(size):
                member = self._key(self._reference(pos, index), step)
                self.item(self._reference(pos, size + index), member, depth + 1)
        elif kind:
            self._scalar(kind, size, pos, step)

    def _reference(self, pos: int, index: int) -> int:
        return self._number(pos + index * self.ref_size, self.ref_size)

    def _enter(self, step: str, pos: int, references: int, depth: int) -> None:
        if pos + references * self.ref_size > len(self.data):
            raise IndexError
        if depth > MAX_DEPTH or len(step) > MAX_STEP:
            raise LimitExceeded(f"a binary property list is nested deeper than {MAX_DEPTH} levels")

    def _string(self, kind: int, size: int, pos: int) -> tuple[bytes, int]:
        """Give the text of a string in UTF-8, and where it ends."""
        end = pos + (2 * size if kind == _UTF16 else size)
        raw = self.data[pos:end]
        if end > len(self.data):
            raise IndexError
        if kind == _UTF16:
            return raw.decode("utf-16-be", "surrogatepass").encode("utf-8", "surrogatepass"), end
        return raw, end

    def _key(self, reference: int, parent: str) -> str:
        kind, size, pos = self._head(reference)
        if kind not in (_ASCII, _UTF16):
            raise DecodeError("expected a binary property list; a key is no string")
        key, end = self._string(kind, size, pos)
        step = member_step(parent, key.decode("utf-8", "backslashreplace"))
        if len(key) >= MIN_KEY:
            self._add(f"{step}{{key}}", key, pos, end)
        return step

    def _scalar(self, kind: int, size: int, pos: int, step: str) -> None:
        if kind in (_ASCII, _UTF16, _DATA):
            text, end = self._string(kind, size, pos)
            if text:
                self._add(step, text, pos, end)
            return
        width = size + 1 if kind == _UID else 1 << size
        if width > 16 or kind not in (_INT, _UID, _REAL, _DATE):
            raise DecodeError("expected a binary property list; an object is of no known kind")
        number, raw = self._number(pos, width), self.data[pos : pos + width]
        if kind in (_INT, _UID):
            # Eight bytes and more are signed, fewer are not.
            negative = kind == _INT and width >= 8 and number >> (8 * width - 1)
            self._add(step, b"%d" % (number - (1 << 8 * width) if negative else number), pos, pos + width)
        elif width in _FLOATS:
            self._add(step, raw, pos, pos + width)
            self._add(step, repr(struct.unpack(_FLOATS[width], raw)[0]).encode(), pos, pos + width)
        else:
            raise DecodeError("expected a binary property list; a number is of no known width")

    def _add(self, step: str, data: bytes, start: int, end: int) -> None:
        self.leaves.append(Leaf(step, data, start, end))
        if len(self.leaves) > self.limit:
            raise LimitExceeded(f"more than {self.limit} parts in a binary property list")


class BinaryPlist:
    """A binary property list, keyed archives included (their references stay numbers)."""

    name = "bplist"

    def split(self, data: bytes, limit: int) -> list[Leaf]:
        """Give strings (in UTF-8) and data with their place, numbers in decimal, and the longer keys.

        A floating point number or a date is given as its bytes and as text. Steps are those of JSON.

        Raises:
            DecodeError: Not a binary property list.
            LimitExceeded: More than `limit` parts, too many references, or nested too deeply.
        """
        if not data.startswith(_MAGIC) or len(data) < 8 + _TRAILER.size:
            raise DecodeError(f"expected a binary property list; {len(data)} bytes do not begin as one")
        reader = _Reader(data, limit)
        try:
            reader.item(reader.top, "$", 1)
        except IndexError:
            raise DecodeError(f"expected a binary property list; {len(data)} bytes lack an object") from None
        except UnicodeDecodeError:
            raise DecodeError("expected a binary property list; a string is not UTF-16") from None
        return reader.leaves
