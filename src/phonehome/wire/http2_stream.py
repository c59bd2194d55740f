"""One HTTP/2 stream: what its frames of both directions come to."""

from typing import TypeAlias

from phonehome.model.exchange import Header
from phonehome.wire.body import BodyBuffer
from phonehome.wire.http_message import NO_HEAD, SHORT_BODY, HttpMessage

SplitHead: TypeAlias = tuple[
    tuple[Header, ...], bytes | None, bytes | None, int | None, bytes | None, bytes | None, bytes | None
]
"""Fields, then `:method`, `:path`, `:status`, `:authority`, `:scheme`, `:protocol`."""

_NONE: dict[int, BodyBuffer] = {}  # never written to: most bodies come in one frame
_MAX_LENGTH_DIGITS = 18


class Http2Stream:
    """A request with its response.

    Attributes:
        id: The stream's number.
        request: None where nothing of it was recorded. On a pushed stream the server sent it, in a
            PUSH_PROMISE, and its offsets are the server's.
        response: The final response, or None.
        interim: Responses before the final one (1xx).
        pushed: The server began it.
        note: What was odd about the stream as a whole, or None.
    """

    __slots__ = ("_buffers", "ended", "held", "id", "interim", "note", "pushed", "request", "response")

    def __init__(self, number: int) -> None:
        self.id = number
        self.request: HttpMessage | None = None
        self.response: HttpMessage | None = None
        self.interim: tuple[HttpMessage, ...] = ()
        self.pushed = False
        self.note: str | None = None
        self.ended = 0  # bit 0: the client's half, bit 1: the server's
        self.held = 0  # bytes of bodies
        self._buffers: dict[int, BodyBuffer] = _NONE

    def message(self, side: int, start: int) -> HttpMessage:
        """The message that frames of `side` belong to; one without a head where none came."""
        message = self.response if side else self.request
        if message is None:
            message = HttpMessage(start, "2", None, None, None)
            message.note = NO_HEAD
            self.put(side, message)
        return message

    def put(self, side: int, message: HttpMessage) -> None:
        """Set the message of one direction."""
        if side:
            self.response = message
        else:
            self.request = message

    def add_headers(self, side: int, start: int, end: int, size: int, headers: list[Header]) -> HttpMessage:
        """Take a header block: a head, or the trailers behind a body."""
        message = self.response if side else self.request
        if message is not None:
            message.headers += tuple(headers)
        else:
            message = read_head(start, headers)
            self.put(side, message)
        message.end = end
        message.size += size
        return message

    def set_aside_interim(self) -> None:
        """Keep an interim response apart, for the final one follows."""
        if self.response is not None and self.response.interim:
            self.interim += (self.response,)
            self.response = None

    def add_data(self, side: int, message: HttpMessage, piece: bytes) -> None:
        """Take a piece of a body."""
        buffer = self._buffers.get(side)
        if buffer is None:
            if not message.body:
                message.body = piece
                return
            buffer = BodyBuffer()
            buffer.add(message.body)
            self._buffers = {**self._buffers, side: buffer}
        buffer.add(piece)

    def close(self) -> None:
        """Put the bodies together, and say what is missing of halves that did not end."""
        for side, message in enumerate((self.request, self.response)):
            if message is None:
                continue
            buffer = self._buffers.get(side)
            if buffer is not None:
                buffer.give(message)
            if not self.ended & (1 << side):
                message.truncated = True
            if message.truncated:
                _count_missing(message)
        self._buffers = _NONE


def _count_missing(message: HttpMessage) -> None:
    announced = message.header(b"content-length")
    if announced is not None and announced.isdigit() and len(announced) <= _MAX_LENGTH_DIGITS:
        short = int(announced) - len(message.body)
        if short > 0:
            message.add_note(SHORT_BODY)
        message.missing = max(message.missing, short)


def split_head(headers: list[Header]) -> SplitHead:
    """Take the pseudo-header fields that begin a list apart; the other fields come first."""
    method = target = authority = scheme = protocol = None
    status: int | None = None
    count = 0
    for name, value in headers:
        if name[:1] != b":":
            break
        if name == b":path" and target is None:
            target = value
        elif name == b":status":
            status = int(value) if len(value) == 3 and value.isdigit() else None
        elif name == b":method" and method is None:
            method = value
        elif name == b":authority" and authority is None:
            authority = value
        elif name == b":scheme":
            scheme = value
        elif name == b":protocol":
            protocol = value
        else:
            break
        count += 1
    return tuple(headers[count:]), method, target, status, authority, scheme, protocol


try:
    from phonehome.wire.native.http2 import split_head as _split_head
except ImportError:
    _split_head = split_head


def read_head(start: int, headers: list[Header]) -> HttpMessage:
    """Make a message of a header list: pseudo-header fields in their places, the others as they came."""
    fields, method, target, status, authority, scheme, protocol = _split_head(headers)
    message = HttpMessage(
        start, "2", method.decode("latin-1") if method is not None else None, target, status
    )
    message.headers = fields
    message.authority = authority
    message.scheme = scheme
    message.protocol = protocol
    return message
