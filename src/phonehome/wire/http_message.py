"""One HTTP request or response as the parsers of versions 1 and 2 give it."""

from phonehome.model.exchange import Header
from phonehome.model.header_names import KnownHeaders, find_headers

try:
    from phonehome.wire.native.header_names import find_headers as _find_headers
except ImportError:
    _find_headers = find_headers

MAX_HEAD = 256 * 1024
"""Bytes of one head (start line and fields; in HTTP/2 one compressed header block) that are read."""
MAX_HEADERS = 2000
"""Header fields of one message that are kept."""
MAX_BODY = 256 * 1024 * 1024
"""Bytes of one body that are kept; what comes beyond is counted in `missing`."""

TWO_LENGTHS = "both a length and a transfer coding"
OPEN_CODING = "a transfer coding that does not end the body"
NO_COLON = "a header line without a colon"
NO_LENGTH = "a length that is no number"
LENGTHS_DIFFER = "conflicting lengths"
SHORT_BODY = "a body that ends before its announced length"
CUT_HEAD = "a head that does not end"
LONG_HEAD = f"a head beyond {MAX_HEAD} bytes"
NO_HEAD = "its header fields were not recorded"
NO_BEGINNING = "its beginning was not recorded"
MANY_HEADERS = f"more than {MAX_HEADERS} header fields"
LONG_BODY = f"a body beyond {MAX_BODY} bytes"
CHUNK_FAULTS = (
    "a line between chunks that does not end",
    "a chunk that does not end where its size says",
    "a chunk without a size",
    "trailers without an end",
)
TOLERATED = frozenset(
    {TWO_LENGTHS, OPEN_CODING, NO_COLON, NO_LENGTH, LENGTHS_DIFFER, SHORT_BODY, CUT_HEAD, LONG_HEAD, NO_HEAD}
    | {NO_BEGINNING, *CHUNK_FAULTS}
)
"""Notes of messages all of which that was recorded is looked at all the same."""


class HttpMessage:
    """A request or a response, with its place in the stream of its direction.

    Plain and mutable, because one is built for every message of a capture.

    Attributes:
        start: Offset of its first byte.
        end: Offset behind its last byte; in HTTP/2 other streams' frames may lie between.
        method: The request's method; None in a response, or where HTTP/2 does not tell it any more.
        target: The request target as recorded (origin, absolute, authority or asterisk form).
        status: The response's status; None in a request. An HTTP/0.9 response has none either.
        version: `0.9`, `1.0`, `1.1` or `2`.
        headers: Name and value in order and spelling of the recording, trailers after them; in HTTP/2
            without the pseudo-header fields that have a place of their own here.
        body: The body without transfer coding and padding, with its content codings.
        size: Bytes of it that were fed: head, body and their framing. In HTTP/1 `end - start - lost`.
        lost: Bytes of gaps between its `start` and its `end`.
        dropped: Bytes of it that were fed, and are not given as they are beyond a bound; `size` counts them.
        truncated: The end of it, or a part of it, is not there.
        missing: Bytes of the body that are known to have been sent and are not in `body`: in gaps, beyond
            MAX_BODY, or announced and not recorded.
        note: What was odd about it; holds nothing of the capture.
        scheme: HTTP/2 `:scheme`.
        authority: HTTP/2 `:authority`.
        protocol: HTTP/2 `:protocol` of an extended CONNECT (RFC 8441): `body` is that protocol's stream.
    """

    __slots__ = (
        "_known",
        "_of",
        "authority",
        "body",
        "dropped",
        "end",
        "headers",
        "lost",
        "method",
        "missing",
        "note",
        "protocol",
        "scheme",
        "size",
        "start",
        "status",
        "target",
        "truncated",
        "version",
    )

    def __init__(
        self, start: int, version: str, method: str | None, target: bytes | None, status: int | None
    ) -> None:
        self.start = start
        self.version = version
        self.method = method
        self.target = target
        self.status = status
        self.end = start
        self.headers: tuple[Header, ...] = ()
        self._known: KnownHeaders | None = None
        self._of: tuple[Header, ...] = ()
        self.body = b""
        self.size = 0
        self.lost = 0
        self.dropped = 0
        self.truncated = False
        self.missing = 0
        self.note: str | None = None
        self.scheme: bytes | None = None
        self.authority: bytes | None = None
        self.protocol: bytes | None = None

    @property
    def known(self) -> KnownHeaders:
        """Where in `headers` those stand that every message is asked for."""
        known, headers = self._known, self.headers
        if known is None or self._of is not headers:
            known = self._known = _find_headers(headers)
            self._of = headers
        return known

    @property
    def interim(self) -> bool:
        """Whether the final response still follows (100, 102, 103); 101 is final for HTTP/1."""
        status = self.status
        return status is not None and 100 <= status < 200 and status != 101

    def header(self, name: bytes) -> bytes | None:
        """The first field called `name` (given in lower case), or None."""
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return None

    def add_note(self, note: str) -> None:
        """Say one more thing that was odd."""
        if self.note is None:
            self.note = note
        elif note not in self.note.split("; "):
            self.note = f"{self.note}; {note}"
