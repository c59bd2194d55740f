"""The head of an HTTP/1.x message (RFC 9112): start line, fields, and what they say about the body's length.

Real traffic repeats its header lines, so each line is parsed once and remembered (the memory is bounded);
a head of fifteen lines then costs fifteen dictionary lookups.
"""

import re
from dataclasses import dataclass
from enum import IntEnum

from phonehome.model.exchange import Header
from phonehome.wire.http_message import LENGTHS_DIFFER, MANY_HEADERS, MAX_HEADERS, NO_COLON, NO_LENGTH

_MAX_REMEMBERED = 16_384
_MAX_REMEMBERED_LINE = 512
_MAX_REMEMBERED_NAME = 64
_MAX_LENGTH_DIGITS = 18
_MAX_METHOD = 32

_FOLD = b":fold"  # no field can be called that
_NO_COLON = b":none"
_SPECIAL = frozenset((b"content-length", b"transfer-encoding", b"upgrade", _FOLD, _NO_COLON))

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TARGET = re.compile(rb"(?:/|\*|[A-Za-z][A-Za-z0-9+.-]{1,31}://)[!-\xff]*")
_METHOD = re.compile(TOKEN)
_REQUEST_LINE = re.compile(
    rb"(" + TOKEN + rb")[ \t]+(\S.*?)[ \t]+HTTP/([0-9])(?:\.([0-9]+))?[ \t]*", re.DOTALL
)
_STATUS_LINE = re.compile(rb"HTTP/([0-9])(?:\.([0-9]+))?[ \t]+([1-9][0-9]{2})(?:[ \t].*)?", re.DOTALL)
_SIMPLE_REQUEST = re.compile(rb"(GET) +(/\S*)[ \t]*")

_METHOD_NAMES = """
    GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK REPORT SEARCH
    NOTIFY SUBSCRIBE UNSUBSCRIBE M-SEARCH PURGE LINK UNLINK MERGE CHECKOUT MKACTIVITY VIEW QUERY PRI
    BPROPFIND BPROPPATCH BCOPY BMOVE BDELETE ORDERPATCH MKCALENDAR ACL BIND REBIND UNBIND
"""
METHODS = {name.encode(): name for name in _METHOD_NAMES.split()}
_ENDINGS = tuple(METHODS)
"""What ends in a method that is known is the tail of something else, glued to a request."""


class Framing(IntEnum):
    """How the end of a body is told."""

    NONE = 0
    LENGTH = 1
    CHUNKED = 2
    CLOSE = 3


@dataclass(slots=True)
class Fields:
    """The fields of one head; only what differs from the ordinary is set."""

    headers: tuple[Header, ...]
    length: int | None = None
    coding: bytes | None = None
    upgrade: bool = False
    note: str | None = None
    dropped: int = 0  # bytes of the lines beyond MAX_HEADERS

    def add_note(self, note: str) -> None:
        """Say one more thing that is odd."""
        if self.note is None:
            self.note = note
        elif note not in self.note.split("; "):
            self.note = f"{self.note}; {note}"


class _Memory(dict[bytes, Header]):
    """Header lines seen, parsed.

    Attributes:
        special: Those that a parser must look at.
        plain: Names that are no such, and stand as they are.
    """

    def __init__(self) -> None:
        super().__init__()
        self.special: dict[bytes, Header] = {}
        self.plain: set[bytes] = set()

    def __missing__(self, line: bytes) -> Header:
        name, colon, value = line.partition(b":")
        if name in self.plain and colon:
            header = (name, value.strip(b" \t"))
            if len(line) <= _MAX_REMEMBERED_LINE:
                self[line] = header
            return header
        header = (name.rstrip(b" \t"), value.strip(b" \t"))
        kind = name.strip(b" \t").lower()
        if line[:1] in (b" ", b"\t"):
            kind = _FOLD
        elif not colon:
            header, kind = (line, b""), _NO_COLON
        if kind in _SPECIAL:
            self.special[line] = (kind, header[1].lower())
        elif header[0] == name and len(name) <= _MAX_REMEMBERED_NAME:
            self.plain.add(name)
        if len(line) <= _MAX_REMEMBERED_LINE:
            self[line] = header
        return header

    def forget(self) -> None:
        """Forget everything; only between two heads, as `special` is read after."""
        self.clear()
        self.special.clear()
        self.plain.clear()


_memory = _Memory()


def split_lines(head: bytes) -> list[bytes]:
    """The lines of a head, without their ends; a bare LF ends a line too (RFC 9112 section 2.2)."""
    lines = head.split(b"\r\n")
    if head.count(b"\n") != len(lines) - 1:
        lines = [line.removesuffix(b"\r") for line in head.split(b"\n")]
    return lines


def parse_fields(lines: list[bytes]) -> Fields:
    """Read the lines behind the start line (`lines[0]` is that and is left)."""
    if len(lines) > MAX_HEADERS + 1:
        dropped = sum(len(line) + 2 for line in lines[MAX_HEADERS + 1 :])
        fields = parse_fields(lines[: MAX_HEADERS + 1])
        fields.add_note(MANY_HEADERS)
        fields.dropped += dropped
        return fields
    memory = _memory
    special = memory.special
    if len(memory) > _MAX_REMEMBERED or len(special) > _MAX_REMEMBERED or len(memory.plain) > _MAX_REMEMBERED:
        memory.forget()
    rest = lines[1:]
    headers = tuple(map(memory.__getitem__, rest))
    found = [special[line] for line in filter(special.__contains__, rest)]
    fields = Fields(headers)
    for kind, value in found:
        if kind == _FOLD:
            return parse_fields(_unfold(lines))
        _apply(fields, kind, value)
    return fields


def _unfold(lines: list[bytes]) -> list[bytes]:
    """Join continued lines (RFC 9112 section 5.2) with one space."""
    pieces: list[list[bytes]] = [[line] for line in lines[:1]]
    for line in lines[1:]:
        if line[:1] in (b" ", b"\t") and len(pieces) > 1:
            pieces[-1].append(line.strip(b" \t"))
        else:
            pieces.append([line.lstrip(b" \t")])
    return [b" ".join(piece) for piece in pieces]


def _apply(fields: Fields, kind: bytes, value: bytes) -> None:
    if kind == b"content-length":
        _apply_length(fields, value)
    elif kind == b"transfer-encoding":
        fields.coding = value if fields.coding is None else fields.coding + b"," + value
    elif kind == b"upgrade":
        fields.upgrade = True
    elif kind == _NO_COLON:
        fields.add_note(NO_COLON)


def _apply_length(fields: Fields, value: bytes) -> None:
    if fields.length is None and len(value) <= _MAX_LENGTH_DIGITS and value.isdigit():
        fields.length = int(value)
        return
    for part in value.split(b","):
        digits = part.strip(b" \t")
        if not digits.isdigit() or len(digits) > _MAX_LENGTH_DIGITS:
            fields.add_note(NO_LENGTH)
        elif fields.length is None:
            fields.length = int(digits)
        elif fields.length != int(digits):
            fields.add_note(LENGTHS_DIFFER)


def _version(major: bytes, minor: bytes | None) -> str:
    return "1.0" if major == b"0" or (major == b"1" and minor is not None and not int(minor[:9])) else "1.1"


def parse_request_line(line: bytes) -> tuple[str, bytes, str] | None:
    """Method, target and version; None where it is no request line."""
    parts = line.split(b" ")
    if len(parts) == 3:
        method = METHODS.get(parts[0])
        if method is not None and parts[1] and parts[2] == b"HTTP/1.1":
            return method, parts[1], "1.1"
    matched = _REQUEST_LINE.fullmatch(line)
    if matched is None:
        return None
    name, target, major, minor = matched.groups()
    if name not in METHODS and not _may_begin(name, target):
        return None
    return METHODS.get(name) or name.decode("ascii"), target, _version(major, minor)


def _may_begin(name: bytes, target: bytes) -> bool:
    """Whether a method that nobody knows, and its target, are more than the rest of a body before a request."""
    return len(name) <= _MAX_METHOD and not name.endswith(_ENDINGS) and _TARGET.fullmatch(target) is not None


def parse_simple_request(line: bytes) -> bytes | None:
    """The target of an HTTP/0.9 request, which has no version and no fields; None where it is none."""
    matched = _SIMPLE_REQUEST.fullmatch(line)
    return matched.group(2) if matched else None


_OK = {b"HTTP/1.1 200 OK": (200, "1.1"), b"HTTP/1.1 204 No Content": (204, "1.1")}


def parse_status_line(line: bytes) -> tuple[int, str] | None:
    """Status and version; None where it is no status line."""
    known = _OK.get(line)
    if known is not None:
        return known
    matched = _STATUS_LINE.fullmatch(line)
    if matched is None:
        return None
    return int(matched.group(3)), _version(matched.group(1), matched.group(2))


def is_cut_request_line(line: bytes) -> bool:
    """Whether a line that ends early began as a request: a known method and a target."""
    method, space, target = line.partition(b" ")
    return bool(space) and method in METHODS and bool(target)


def final_coding_is_chunked(coding: bytes) -> bool:
    """Whether the body comes in chunks (RFC 9112 section 6.3: only as the last coding)."""
    return coding.rsplit(b",", 1)[-1].strip(b" \t") == b"chunked"


_KNOWN = b"|".join(re.escape(method) for method in sorted(METHODS, key=len, reverse=True))
_GLUED_REQUEST = re.compile(rb"(?:" + _KNOWN + rb") [!-\xff]+$")


def find_request_line(data: bytes, start: int, end: int, limit: int) -> int:
    """Where the first line begins, from `start` on, that is a whole request line; −1 if none does.

    What stands before it on the same line (the tail of a body) is left out, if the method is a known one.
    """
    at = start
    while (at := data.find(b" HTTP/1.", at, end)) >= 0:
        after = data[at + 9 : min(at + 11, end)]
        if data[at + 8 : at + 9].isdigit() and (after == b"\r\n" or after[:1] == b"\n") and at + 9 < end:
            lowest = max(start, at - limit)
            line_start = max(data.rfind(b"\n", lowest, at) + 1, lowest)
            line = data[line_start:at]
            method, _, target = line.partition(b" ")
            plain = bool(target) and not target[:1].isspace() and b" " not in target
            if plain and method in METHODS:
                return line_start
            glued = _GLUED_REQUEST.search(line)
            if glued is not None:
                return line_start + glued.start()
            is_whole = line_start == 0 or data[line_start - 1] == 10
            if plain and is_whole and _METHOD.fullmatch(method) and _may_begin(method, target):
                return line_start
        at += 8
    return -1


def find_status_line(data: bytes, start: int, end: int, limit: int) -> int:
    """Where the first whole status line begins, from `start` on; −1 if none does."""
    at = start
    while (at := data.find(b"HTTP/1.", at, end)) >= 0:
        line_end = data.find(b"\n", at, min(end, at + limit))
        if line_end >= 0 and parse_status_line(data[at:line_end].removesuffix(b"\r")):
            return at
        at += 7
    return -1
