"""zip (PKWARE's APPNOTE 6.3.10): phones send logs and crash reports in it.

Members are read in a row, from one local header (section 4.3.7) to the next, so an archive that was cut short gives
what came before the cut. The central directory at the end is asked only for what a local header leaves open: writers
that stream put the sizes behind a member's data (4.3.9). A deflated member ends where its stream says. Nothing is
read twice, so the work is in proportion to the input, however its headers contradict one another.
"""

import re
import zlib
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from struct import Struct

from phonehome.decoders.base import Compression, Leaf
from phonehome.decoders.bzip2 import Bzip2
from phonehome.decoders.json_text import MIN_KEY
from phonehome.decoders.streams import MAX_RESCUE, RESCUE_SLICE, SLICE, read_member
from phonehome.decoders.xz import Xz
from phonehome.decoders.zstd import Zstd
from phonehome.model.errors import DecodeError, LimitExceeded

MAX_MEMBERS = 10_000
"""Members of one archive that are looked at."""
MAX_MEMBER = 32 << 20
"""Bytes that one member may give."""
MAX_ARCHIVE = 256 << 20
"""Bytes that all of them may give together."""
MAX_NAME = 80
"""Characters of a member's name that a path shows."""
MAX_DESCRIPTORS = 64
"""Places tried as the end of a stored member whose size no header tells."""

_LOCAL = b"PK\x03\x04"
_CENTRAL = b"PK\x01\x02"
_END = b"PK\x05\x06"
_DESCRIPTOR = re.compile(rb"PK\x07\x08")
_LOCAL_HEADER = Struct("<4s5H3I2H")
_CENTRAL_HEADER = Struct("<4s6H3I5H2I")
_END_OFFSET, _LONGEST_END = 16, 22 + 0xFFFF
_ENCRYPTED, _STREAMED = 0x1, 0x8
_NEWEST_VERSION = 63
_IN_ZIP64 = 0xFFFFFFFF
_ZIP64 = 1
_STORED, _DEFLATED = 0, 8
_COMPRESSIONS: dict[int, Compression] = {12: Bzip2(), 93: Zstd(), 95: Xz()}
_METHODS = frozenset({*range(13), 14, 16, 18, 19, *range(93, 100)})  # section 4.4.5
_UNSAFE = re.compile(r"[^\S ]|[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(slots=True)
class Unpacked:
    """What an archive gave.

    Attributes:
        leaves: The members, each with the place of its stored bytes, and the longer names.
        reasons: Why something in it was not looked at, or not to its end.
        closed: Stored bytes of members that could not be opened.
        inflated: Bytes that came out of those that could.
    """

    leaves: list[Leaf] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    closed: int = 0
    inflated: int = 0


class Zip:
    """zip: members stored or compressed with deflate, bzip2, zstd or xz; checksums are not verified."""

    name = "zip"

    def split(self, data: bytes, limit: int) -> list[Leaf]:
        """Give members and their longer names; the steps are `zip:NAME` and `zip:NAME:name`.

        Raises:
            DecodeError: No local header at the start.
            LimitExceeded: More than `limit` parts.
        """
        found = self.unpack(data, MAX_ARCHIVE)
        if len(found.leaves) > limit:
            raise LimitExceeded(f"more than {limit} parts in a zip archive")
        return found.leaves

    def unpack(self, data: bytes, room: int) -> Unpacked:
        """Give what can be read of the members, at most `room` bytes, and say what cannot.

        Raises:
            DecodeError: No local header at the start.
        """
        if not data.startswith(_LOCAL) or _read_header(data, 0, {}) is None:
            raise DecodeError(f"expected a zip archive; {len(data)} bytes begin with no local header")
        return _Archive(data, min(room, MAX_ARCHIVE)).unpack()


def safe_name(name: bytes) -> str:
    """A file name as a step of a path: printable, and in the middle of a long one an ellipsis."""
    text = _UNSAFE.sub("_", name.decode("utf-8", "backslashreplace"))
    return text if len(text) <= MAX_NAME else f"{text[: MAX_NAME // 2]}…{text[-MAX_NAME // 2 + 1 :]}"


@dataclass(frozen=True, slots=True)
class _Header:
    """A local header; `size` is that of the stored data, None where nothing tells."""

    name: bytes
    name_at: int
    encrypted: bool
    method: int
    start: int
    size: int | None


def _read_header(data: bytes, at: int, sizes: dict[int, int]) -> _Header | None:
    """Read the local header at `at`; None where there is none that a writer makes."""
    if len(data) < at + _LOCAL_HEADER.size:
        return None
    _, version, flags, method, _, _, _, size, _, name_size, extra_size = _LOCAL_HEADER.unpack_from(data, at)
    name_at = at + _LOCAL_HEADER.size
    start = name_at + name_size + extra_size
    if version & 0xFF > _NEWEST_VERSION or method not in _METHODS or not name_size or start > len(data):
        return None
    told: int | None = size
    if size == _IN_ZIP64:
        told = _zip64_size(data[name_at + name_size : start])
    if flags & _STREAMED and not told:
        told = None
    if at in sizes:
        told = max(told or 0, sizes[at])
    name = data[name_at : name_at + name_size]
    return _Header(name, name_at, bool(flags & _ENCRYPTED), method, start, told)


def _zip64_size(extra: bytes) -> int | None:
    """The stored size in the extra field of ZIP64 (section 4.5.3)."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = (
            int.from_bytes(extra[at : at + 2], "little"),
            int.from_bytes(extra[at + 2 : at + 4], "little"),
        )
        if kind == _ZIP64 and size >= 16:
            return int.from_bytes(extra[at + 12 : at + 20], "little")
        at += 4 + size
    return None


def _iter_central_sizes(data: bytes) -> Iterator[tuple[int, int]]:
    """Place of each local header and stored size, as the central directory (section 4.3.12) tells them."""
    end = data.rfind(_END, max(0, len(data) - _LONGEST_END))
    if end < 0:
        return
    at = int.from_bytes(data[end + _END_OFFSET : end + _END_OFFSET + 4], "little")
    for _ in range(MAX_MEMBERS):
        if not data.startswith(_CENTRAL, at) or at + _CENTRAL_HEADER.size > len(data):
            return
        entry = _CENTRAL_HEADER.unpack_from(data, at)
        if entry[8] != _IN_ZIP64:
            yield entry[16], entry[8]
        at += _CENTRAL_HEADER.size + entry[10] + entry[11] + entry[12]


def _raw_deflate() -> "zlib._Decompress":
    return zlib.decompressobj(-zlib.MAX_WBITS)


class _Archive:
    """One pass over the members."""

    def __init__(self, data: bytes, room: int) -> None:
        self._data = data
        self._room = room
        self._rescue = MAX_RESCUE
        self._sizes = dict(_iter_central_sizes(data))
        self._reached = 0
        self._descriptors: list[int] | None = None
        self._found = Unpacked()
        self._members = self._encrypted = self._unknown = self._damaged = self._cut = 0

    def unpack(self) -> Unpacked:
        at = 0
        while at >= 0:
            header = _read_header(self._data, at, self._sizes)
            if header is None:
                at = self._data.find(_LOCAL, at + 1)
                continue
            if self._members == MAX_MEMBERS or self._found.inflated >= self._room:
                self._found.reasons.append("more members than are unpacked: the rest was not searched")
                break
            self._members += 1
            self._reached = self._open(header)
            at = self._data.find(_LOCAL, self._reached)
        self._explain()
        return self._found

    def _explain(self) -> None:
        counted = (
            (self._encrypted, "encrypted"),
            (self._unknown, "compressed in a way that is not known"),
            (self._damaged, "damaged or cut short, and read up to there"),
            (
                self._cut,
                f"longer than is unpacked ({MAX_MEMBER >> 20} MiB of a member), and read up to there",
            ),
        )
        for number, what in counted:
            if number:
                self._found.reasons.append(f"{number:,} of {self._members:,} members {_are(number)} {what}")
        if self._data.find(_END, self._reached) < 0:
            self._found.reasons.append("its end is missing, and perhaps members with it")

    def _open(self, header: _Header) -> int:
        """Add a member; gives where to look for the next."""
        step = f"zip:{safe_name(header.name)}"
        if len(header.name) >= MIN_KEY:
            name_end = header.name_at + len(header.name)
            self._found.leaves.append(Leaf(f"{step}:name", header.name, header.name_at, name_end))
        if header.method == _DEFLATED and not header.encrypted:
            return self._inflate(header, step)
        end = self._end_of(header)
        if not header.encrypted and header.method == _STORED:
            stored = self._data[header.start : min(end, header.start + self._most())]
            self._add(step, stored, header.start, end)
            self._cut += len(stored) < end - header.start
            self._damaged += header.start + (header.size or 0) > len(self._data)
        elif not header.encrypted and header.method in _COMPRESSIONS:
            self._decompress(header, step, end)
        else:
            self._encrypted += header.encrypted
            self._unknown += not header.encrypted
            self._found.closed += end - header.start
        return end

    def _most(self) -> int:
        """Bytes that the next member may give."""
        return max(min(MAX_MEMBER, self._room - self._found.inflated), 1)

    def _add(self, step: str, data: bytes, start: int, end: int) -> None:
        self._found.inflated += len(data)
        if data:
            self._found.leaves.append(Leaf(step, data, start, end))

    def _inflate(self, header: _Header, step: str) -> int:
        told = header.size is not None
        stop = self._end_of(header) if told else len(self._data)
        arguments = (_raw_deflate, self._data, header.start, self._most())
        out, end, complete, damaged = read_member(*arguments, SLICE, (zlib.error,), stop)
        if damaged:
            rescued = min(stop, header.start + self._rescue)
            out, end, _, _ = read_member(*arguments, RESCUE_SLICE, (zlib.error,), rescued)
            self._rescue -= min(end - header.start, self._rescue)
        self._add(step, out, header.start, max(end, header.start))
        if not complete and stop > header.start:
            is_long = not damaged and len(out) >= arguments[3]
            self._cut += is_long
            self._damaged += not is_long
        return stop if told and not complete else max(end, header.start)

    def _decompress(self, header: _Header, step: str, end: int) -> None:
        try:
            inflated = _COMPRESSIONS[header.method].inflate(self._data[header.start : end], self._most())
        except DecodeError:
            self._damaged += 1
            self._found.closed += end - header.start
            return
        self._add(step, inflated.data, header.start, header.start + inflated.consumed)
        self._damaged += not inflated.complete

    def _end_of(self, header: _Header) -> int:
        """Where the stored bytes end: as told, or before a descriptor that fits, or before the next header."""
        if header.size is not None:
            return min(header.start + header.size, len(self._data))
        if self._descriptors is None:
            self._descriptors = [match.start() for match in _DESCRIPTOR.finditer(self._data)]
        first = bisect_left(self._descriptors, header.start)
        for at in self._descriptors[first : first + MAX_DESCRIPTORS]:
            if int.from_bytes(self._data[at + 8 : at + 12], "little") == at - header.start:
                return at
        following = self._data.find(_LOCAL, header.start)
        return following if following >= 0 else len(self._data)


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
