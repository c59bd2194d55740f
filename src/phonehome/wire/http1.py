"""HTTP/0.9 to 1.1 (RFC 9112) as recorded: a parser for each direction, which never gives up."""

from collections import deque

from phonehome.wire.http1_head import (
    Fields,
    Framing,
    final_coding_is_chunked,
    find_request_line,
    find_status_line,
    is_cut_request_line,
    parse_request_line,
    parse_simple_request,
    parse_status_line,
)
from phonehome.wire.http1_parser import HEAD, MAX_LINE, PASSED, WAITING, MessageParser
from phonehome.wire.http_message import OPEN_CODING, TWO_LENGTHS, HttpMessage

MAX_PENDING_METHODS = 65_536
"""Requests whose method is kept for answers that did not come."""


class RequestParser(MessageParser):
    """The client's direction.

    After a request that asks for another protocol (Upgrade, CONNECT) it waits for `settle`; `finish` and
    `gap` decide by the bytes that follow.

    Attributes:
        methods: The method of each request whose head was read, for the parser of the responses.
    """

    def __init__(self) -> None:
        super().__init__()
        self.methods: deque[str] = deque(maxlen=MAX_PENDING_METHODS)

    @property
    def undecided(self) -> bool:
        """Whether the last request asked for another protocol, and the answer is not known."""
        return self._state == WAITING

    def settle(self, *, switched: bool) -> list[HttpMessage]:
        """Say whether the server took the other protocol (101, or 2xx to CONNECT); reads on."""
        found: list[HttpMessage] = []
        if self._state == WAITING:
            self._settle(switched, found)
        return found

    def _begin(self, line: bytes, start: int) -> HttpMessage | None:
        parsed = parse_request_line(line)
        if parsed is None:
            return None
        self.methods.append(parsed[0])
        return HttpMessage(start, parsed[2], parsed[0], parsed[1], None)

    def _begin_cut(self, line: bytes, start: int) -> HttpMessage | None:
        if not is_cut_request_line(line):
            return None
        method, _, target = line.partition(b" ")
        self.methods.append(method.decode("ascii"))
        return HttpMessage(start, "1.1", method.decode("ascii"), target, None)

    def _simple(self, line: bytes, start: int) -> HttpMessage | None:
        target = parse_simple_request(line)
        if target is None:
            return None
        self.methods.append("0.9")
        return HttpMessage(start, "0.9", "GET", target, None)

    def _find(self, data: bytes, start: int, end: int) -> int:
        return find_request_line(data, start, end, MAX_LINE)

    def _framing(self, message: HttpMessage, fields: Fields) -> tuple[Framing, int, int]:
        after = WAITING if fields.upgrade or message.method == "CONNECT" else HEAD
        if fields.coding is not None:
            if fields.length is not None:
                message.add_note(TWO_LENGTHS)
            if final_coding_is_chunked(fields.coding):
                return Framing.CHUNKED, 0, after
            message.add_note(OPEN_CODING)
        if fields.length:
            return Framing.LENGTH, fields.length, after
        return Framing.NONE, 0, after


class ResponseParser(MessageParser):
    """The server's direction.

    Args:
        methods: What `RequestParser.methods` of the other direction fills; without it, `expect` does.
    """

    def __init__(self, methods: "deque[str] | None" = None) -> None:
        super().__init__()
        self._methods: deque[str] = deque(maxlen=MAX_PENDING_METHODS) if methods is None else methods

    def expect(self, method: str, version: str = "1.1") -> None:
        """Say which request comes next; its answer to HEAD or CONNECT is framed otherwise."""
        self._methods.append("0.9" if version == "0.9" else method)

    def _begin(self, line: bytes, start: int) -> HttpMessage | None:
        parsed = parse_status_line(line)
        return None if parsed is None else HttpMessage(start, parsed[1], None, None, parsed[0])

    def _begin_cut(self, line: bytes, start: int) -> HttpMessage | None:
        return self._begin(line, start)

    def _simple(self, line: bytes, start: int) -> HttpMessage | None:
        if not self._methods or self._methods[0] != "0.9":
            return None
        self._methods.popleft()
        message = HttpMessage(start, "0.9", None, None, None)
        self._start_body(message, Framing.CLOSE, 0)
        return message

    def _find(self, data: bytes, start: int, end: int) -> int:
        return find_status_line(data, start, end, MAX_LINE)

    def _framing(self, message: HttpMessage, fields: Fields) -> tuple[Framing, int, int]:
        status = message.status or 0
        if status == 101:
            if self._methods:
                self._methods.popleft()
            return Framing.NONE, 0, PASSED
        if status < 200:
            return Framing.NONE, 0, HEAD
        method = self._methods.popleft() if self._methods else "GET"
        if method == "CONNECT" and status < 300:
            return Framing.NONE, 0, PASSED
        if method == "HEAD" or status in (204, 304):
            return Framing.NONE, 0, HEAD
        if fields.coding is not None:
            if fields.length is not None:
                message.add_note(TWO_LENGTHS)
            if final_coding_is_chunked(fields.coding):
                return Framing.CHUNKED, 0, HEAD
            if fields.coding != b"identity":
                return Framing.CLOSE, 0, HEAD
        if fields.length is not None:
            return (Framing.LENGTH if fields.length else Framing.NONE), fields.length, HEAD
        return Framing.CLOSE, 0, HEAD
