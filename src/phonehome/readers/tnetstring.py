"""Tagged netstrings, the serialisation of mitmproxy's flow files, read from a stream within bounds.

A value is `LENGTH:PAYLOAD` and one byte for its type: `,` bytes, `;` text, `#` integer, `^` float,
`!` boolean, `~` null, `]` list, `}` dictionary. The length stands in front, so a broken value can be
stepped over as long as its frame holds. Specification: https://tnetstrings.info (mitmproxy adds `;`).
"""

import re

from phonehome.model.errors import DecodeError, LimitExceeded
from phonehome.readers.base import ByteStream

Value = None | bool | int | float | bytes | str | list["Value"] | dict[str, "Value"]

MAX_VALUE_BYTES = 1 << 30
"""The largest value held in memory; a flow's bodies lie in it whole."""

MAX_DEPTH = 32
"""Lists and dictionaries within one another; mitmproxy's own flows need six."""

MAX_LENGTH_DIGITS = 12
_SKIP_BYTES = 1 << 20
_INTEGER = re.compile(rb"[+-]?[0-9]{1,40}$")


class FramingError(DecodeError):
    """The next value's frame cannot be made out, so nothing behind it can be found."""


def read_value(stream: ByteStream) -> Value:
    """Read the next value of a stream.

    Raises:
        EOFError: The stream ended before the first byte of a value.
        FramingError: No value begins here, or the stream ends inside it.
        DecodeError: The frame is whole, its content is not; the stream stands behind it.
        LimitExceeded: The value is larger than `MAX_VALUE_BYTES`; the stream stands behind it.
    """
    length = _read_length(stream)
    if length > MAX_VALUE_BYTES:
        _skip(stream, length + 1)
        raise LimitExceeded(
            f"takes {length:,} bytes, more than the {MAX_VALUE_BYTES:,} that are read at once"
        )
    payload = _read_exactly(stream, length + 1)
    return _parse_payload(memoryview(payload)[:length], payload[length:], MAX_DEPTH)


def parse_value(data: bytes) -> Value:
    """Parse bytes that hold one value and nothing more.

    Raises:
        DecodeError: They do not.
    """
    value, rest = _parse(memoryview(data), MAX_DEPTH)
    if rest:
        raise DecodeError(f"{len(rest)} bytes too many after a tagged netstring")
    return value


def _read_length(stream: ByteStream) -> int:
    digits = b""
    while len(digits) <= MAX_LENGTH_DIGITS:
        byte = stream.read(1)
        if not byte:
            if digits:
                raise FramingError("the file ends inside the length of a flow")
            raise EOFError
        if byte == b":" and digits:
            return int(digits)
        if not byte.isdigit():
            break
        digits += byte
    raise FramingError("no flow begins where one should: expected a length in digits and a colon")


def _read_exactly(stream: ByteStream, count: int) -> bytes:
    parts: list[bytes] = []
    missing = count
    # In steps, so that a length that lies does not allocate what the stream does not hold.
    while missing:
        part = stream.read(min(missing, _SKIP_BYTES))
        if not part:
            raise FramingError(
                f"the file ends inside a flow: {count:,} bytes announced, {count - missing:,} there"
            )
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _skip(stream: ByteStream, count: int) -> None:
    missing = count
    while missing:
        part = stream.read(min(missing, _SKIP_BYTES))
        if not part:
            raise FramingError(
                f"the file ends inside a flow: {count:,} bytes announced, {count - missing:,} there"
            )
        missing -= len(part)


def _parse(data: memoryview, depth: int) -> tuple[Value, memoryview]:
    """Parse the first value of `data`; give it and what follows."""
    head = bytes(data[: MAX_LENGTH_DIGITS + 1])
    colon = head.find(b":")
    if colon < 1 or not head[:colon].isdigit():
        raise DecodeError("a tagged netstring has no length")
    start, length = colon + 1, int(head[:colon])
    end = start + length
    if end >= len(data):
        raise DecodeError(
            f"a tagged netstring announces {length:,} bytes and {len(data) - start:,} are there"
        )
    return _parse_payload(data[start:end], bytes(data[end : end + 1]), depth), data[end + 1 :]


def _parse_payload(data: memoryview, tag: bytes, depth: int) -> Value:
    match tag:
        case b",":
            return bytes(data)
        case b";":
            return str(data, "utf-8", "surrogateescape")
        case b"#":
            return _parse_integer(data)
        case b"^":
            return _parse_float(data)
        case b"!":
            return _parse_boolean(data)
        case b"~":
            if data:
                raise DecodeError("a null with content")
            return None
        case b"]":
            return _parse_list(data, depth)
        case b"}":
            return _parse_dictionary(data, depth)
        case _:
            raise DecodeError(f"a tagged netstring of the unknown type 0x{tag.hex()}")


def _parse_integer(data: memoryview) -> int:
    text = bytes(data[:64])
    if len(data) > len(text) or not _INTEGER.match(text):
        raise DecodeError("an integer that is none")
    return int(text)


def _parse_float(data: memoryview) -> float:
    try:
        return float(bytes(data[:64]))
    except ValueError:
        raise DecodeError("a float that is none") from None


def _parse_boolean(data: memoryview) -> bool:
    match bytes(data[:8]):
        case b"true":
            return True
        case b"false":
            return False
        case _:
            raise DecodeError("a boolean that is neither true nor false")


def _parse_list(data: memoryview, depth: int) -> list[Value]:
    if depth == 0:
        raise DecodeError(f"nested deeper than {MAX_DEPTH}")
    items: list[Value] = []
    while data:
        item, data = _parse(data, depth - 1)
        items.append(item)
    return items


def _parse_dictionary(data: memoryview, depth: int) -> dict[str, Value]:
    if depth == 0:
        raise DecodeError(f"nested deeper than {MAX_DEPTH}")
    items: dict[str, Value] = {}
    while data:
        key, data = _parse(data, depth - 1)
        value, data = _parse(data, depth - 1)
        # Flows written under Python 2 have byte strings as keys.
        if isinstance(key, bytes):
            key = key.decode("utf-8", "surrogateescape")
        if not isinstance(key, str):
            raise DecodeError("a dictionary whose key is not text")
        items[key] = value
    return items
