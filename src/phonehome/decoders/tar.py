"""tar (POSIX.1-1988 "ustar", and GNU's and pax's variants of it): files one after another, in blocks of 512 bytes."""

from phonehome.decoders.base import Leaf
from phonehome.decoders.json_text import MIN_KEY
from phonehome.decoders.zip_archive import MAX_MEMBERS, safe_name
from phonehome.model.errors import DecodeError, LimitExceeded

BLOCK = 512
MAGIC = b"ustar"
MAGIC_AT = 257
_SIZE = slice(124, 136)
_CHECKSUM = slice(148, 156)
_KIND = slice(156, 157)
_PREFIX = slice(345, 500)
_FILES = (b"0", b"\0", b"7")
_NOTES = (b"L", b"K", b"x", b"g")  # names and attributes of what follows, which may hold a value as well
_BASE_256 = 0x80


class Tar:
    """tar: regular files, long names and pax attributes; a missing end is tolerated."""

    name = "tar"

    def split(self, data: bytes, limit: int) -> list[Leaf]:
        """Give the files and their longer names; the steps are `tar:NAME` and `tar:NAME:name`.

        Raises:
            DecodeError: No header with a right checksum at the start.
            LimitExceeded: More than `limit` parts, or too many files.
        """
        if not _is_header(data, 0):
            raise DecodeError(f"expected a tar archive; {len(data)} bytes begin with no header")
        leaves: list[Leaf] = []
        at, files = 0, 0
        while _is_header(data, at):
            size = _number(data[at : at + BLOCK][_SIZE])
            start = at + BLOCK
            end = min(start + size, len(data))
            leaves += _file(data, at, start, end)
            files += 1
            if len(leaves) > limit or files > MAX_MEMBERS:
                raise LimitExceeded(f"more than {min(limit, MAX_MEMBERS)} parts in a tar archive")
            at = start + (size + BLOCK - 1) // BLOCK * BLOCK
        return leaves


def _is_header(data: bytes, at: int) -> bool:
    """Tell whether a header with the sum of its bytes, its own field taken as spaces, stands there."""
    header = data[at : at + BLOCK]
    if len(header) < BLOCK or not header.startswith(MAGIC, MAGIC_AT):
        return False
    total = sum(header) - sum(header[_CHECKSUM]) + 8 * 0x20
    return _number(header[_CHECKSUM]) == total


def _number(text: bytes) -> int:
    """Octal digits, or GNU's base 256 for larger numbers; 0 for what is neither."""
    if text[0] & _BASE_256:
        return int.from_bytes(text[1:], "big")
    digits = text.strip(b" \0")
    return int(digits, 8) if digits.isdigit() and not digits.strip(b"01234567") else 0


def _file(data: bytes, at: int, start: int, end: int) -> list[Leaf]:
    header = data[at : at + BLOCK]
    kind = header[_KIND]
    raw = header[:100].rstrip(b"\0")
    prefix = (
        header[_PREFIX].partition(b"\0")[0] if header[MAGIC_AT + 5] == 0 else b""
    )  # GNU keeps times there
    step = f"tar:{safe_name(prefix + b'/' + raw if prefix else raw)}"
    leaves = [Leaf(f"{step}:name", raw, at, at + len(raw))] if len(raw) >= MIN_KEY else []
    if end > start and kind in (*_FILES, *_NOTES):
        leaves.append(Leaf(step if kind in _FILES else f"{step}:attributes", data[start:end], start, end))
    return leaves
