"""Protocol Buffers without their schema: the wire format alone (protobuf.dev, "Encoding").

The wire format marks only where a value ends. Whether length-delimited bytes are a string, a message or plain
bytes is told by looking: text is a string, what parses whole as a message is one, the rest is bytes. Random
bytes pass now and then, the more often the shorter they are; `docs/decoders.md` says how often.
"""

import math
import struct

from phonehome.decoders.base import Leaf
from phonehome.decoders.plausible import is_text
from phonehome.model.errors import DecodeError, LimitExceeded

MAX_DEPTH = 64
"""Messages within one another."""
MAX_FIELD = 20_000
"""Field numbers beyond are extensions; they count only with length-delimited values."""
_MAX_FIELD_NUMBER = (1 << 29) - 1
_VARINT, _I64, _LEN, _SGROUP, _EGROUP, _I32 = range(6)
_MAX_VARINT = 10
_LF = b"\n"

# Field number, wire type, start, end; of a varint the value stands in a fifth place, else it is zero.
_Field = tuple[int, int, int, int, int]


def _scan(data: bytes, pos: int, end: int) -> list[_Field] | None:
    """Read the fields of one message, not descending; None where it is none."""
    fields: list[_Field] = []
    groups: list[int] = []
    try:
        while pos < end:
            key = data[pos]
            pos += 1
            if key > 0x7F:
                key, pos = _varint(data, pos - 1)
            number, wire = key >> 3, key & 7
            if not number or (number > MAX_FIELD and (wire != _LEN or number > _MAX_FIELD_NUMBER)):
                return None
            start, value = pos, 0
            if wire in (_VARINT, _LEN):
                value = data[pos]
                pos += 1
                if value > 0x7F:
                    value, pos = _varint(data, pos - 1)
                if wire == _LEN:
                    start = pos
                    pos += value
            elif wire == _I64:
                pos += 8
            elif wire == _I32:
                pos += 4
            elif wire == _SGROUP and len(groups) < MAX_DEPTH:
                groups.append(number)
            elif wire != _EGROUP or not groups or groups.pop() != number:
                return None
            if pos > end:
                return None
            fields.append((number, wire, start, pos, value))
    except (IndexError, DecodeError):
        return None
    return None if groups else fields


def _varint(data: bytes, pos: int) -> tuple[int, int]:
    """Read a varint; gives it and the position after it."""
    value = 0
    for shift in range(0, 7 * _MAX_VARINT, 7):
        byte = data[pos]
        pos += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            # No encoder writes a last group of zeros, nor more than 64 bits.
            if (not byte and shift) or value >> 64:
                break
            return value, pos
    raise DecodeError("expected a varint")


def _is_plausible(data: bytes, fields: list[_Field], *, whole: bool) -> bool:
    """Tell whether fields that parse are also likely meant as a message."""
    strings = sum(1 for field in fields if field[1] == _LEN and field[3] > field[2])
    if whole:
        return bool(fields) and (strings > 0 or len(fields) >= 2)
    return bool(fields)


def _looks_like_text(data: bytes, start: int, end: int) -> bool:
    r"""Tell whether a value is a string: text, unless it begins as a message with one string as its field.

    Such a message can be printable throughout: `\n$` and the 36 characters of a UUID.
    """
    value = data[start:end]
    if not is_text(value):
        return False
    return not (value.startswith(_LF) and len(value) >= 2 and value[1] == len(value) - 2)


class _Reader:
    """Walks one message; collects the parts."""

    def __init__(self, data: bytes, limit: int) -> None:
        self.data = data
        self.limit = limit
        self.leaves: list[Leaf] = []

    def walk(self, fields: list[_Field], prefix: str, depth: int) -> None:
        """Add the parts of one message; `prefix` ends with a dot unless it is empty."""
        if depth > MAX_DEPTH:
            raise LimitExceeded(f"protobuf is nested deeper than {MAX_DEPTH} messages")
        counts: dict[int, int] = {}
        for field in fields:
            counts[field[0]] = counts.get(field[0], 0) + (field[1] != _EGROUP)
        seen: dict[int, int] = {}
        group = ""
        for number, wire, start, end, value in fields:
            if wire == _SGROUP:
                group += f"{number}."
                continue
            if wire == _EGROUP:
                group = group[: -len(f"{number}.")]
                continue
            step = f"{prefix}{group}{number}"
            if counts[number] > 1:
                index = seen.get(number, 0)
                seen[number] = index + 1
                step = f"{step}[{index}]"
            if wire == _LEN:
                self._value(step, start, end, depth)
            else:
                self._number(step, wire, start, end, value)
            if len(self.leaves) > self.limit:
                raise LimitExceeded(f"more than {self.limit} parts in protobuf")

    def _value(self, step: str, start: int, end: int, depth: int) -> None:
        if end - start >= 2 and not _looks_like_text(self.data, start, end):
            fields = _scan(self.data, start, end)
            if fields and _is_plausible(self.data, fields, whole=False):
                self.walk(fields, f"{step}.", depth + 1)
                return
        if end > start:
            self.leaves.append(Leaf(step, self.data[start:end], start, end))

    def _number(self, step: str, wire: int, start: int, end: int, value: int) -> None:
        add = self.leaves.append
        if wire == _VARINT:
            # Negative numbers are written as 64 bits in two's complement.
            signed = value - (1 << 64) if value >> 63 else value
            add(Leaf(step, b"%d" % signed, start, end))
            return
        raw = self.data[start:end]
        add(Leaf(step, raw, start, end))
        add(Leaf(step, b"%d" % int.from_bytes(raw, "little"), start, end))
        number: float = struct.unpack("<d" if wire == _I64 else "<f", raw)[0]
        if math.isfinite(number) and 1e-9 < abs(number) < 1e15:
            add(Leaf(step, repr(number).encode(), start, end))


class Protobuf:
    """One message that fills the buffer exactly."""

    name = "protobuf"

    def split(self, data: bytes, limit: int) -> list[Leaf]:
        """Give strings and bytes with their place, and numbers.

        A varint is given in decimal; eight or four fixed bytes as they stand, in decimal, and as the floating
        point number they may be. Steps are field numbers, with an index where a field repeats: `1.2[0].3`.

        Raises:
            DecodeError: Not a message, or so little of one that it may be an accident.
            LimitExceeded: More than `limit` parts, or messages nested too deeply.
        """
        fields = _scan(data, 0, len(data))
        if not fields or not _is_plausible(data, fields, whole=True):
            raise DecodeError(f"expected protobuf; {len(data)} bytes are no message")
        if _looks_like_text(data, 0, len(data)):
            raise DecodeError(f"expected protobuf; {len(data)} bytes are text")
        reader = _Reader(data, limit)
        reader.walk(fields, "", 1)
        return reader.leaves
