"""What a stream of records is made of, and what it hands to the connection to decide on."""

from enum import Enum, auto

MAX_RECORD_BYTES = 16384 + 2048
"""Largest payload of a record (RFC 5246 §6.2.3); TLS 1.3 allows less. A longer one is no TLS."""

CHANGE_CIPHER_SPEC = 20
ALERT = 21
HANDSHAKE = 22
APPLICATION_DATA = 23
HEARTBEAT = 24
SSLV2_HELLO = 0x80
"""Not a content type: a hello in the form of SSL 2.0, whose first bit is set."""


class What(Enum):
    """What kind of event it is."""

    CONTENT = auto()  # a record's content, in clear or opened
    SEALED = auto()  # a record that does not open under the keys in force
    GAP = auto()  # bytes are missing here
    CANDIDATE = auto()  # behind a gap: a record may begin here; `accept` or `reject` it
    GARBAGE = auto()  # what stands where a record should begin is none


class Event:
    """Something that the connection must decide on.

    Attributes:
        kind: Content type of the record, the inner one where it was opened.
        content: Its content; for a sealed record and a candidate nothing.
        start: Where it begins: an index into the stream's `data`.
        stop: Where it ends.
    """

    __slots__ = ("content", "kind", "start", "stop", "what")

    def __init__(
        self, what: What, kind: int = 0, content: bytes = b"", start: int = 0, stop: int = 0
    ) -> None:
        self.what = what
        self.kind = kind
        self.content = content
        self.start = start
        self.stop = stop
