"""Handshake messages: joined over records, several in one, any of them encrypted (RFC 8446 §4)."""

from collections.abc import Iterator

MAX_MESSAGE_BYTES = 1024 * 1024
"""Longest handshake message kept; certificate chains are some kilobytes. A longer one is stepped over."""

HELLO_REQUEST = 0
CLIENT_HELLO = 1
SERVER_HELLO = 2
NEW_SESSION_TICKET = 4
END_OF_EARLY_DATA = 5
ENCRYPTED_EXTENSIONS = 8
CERTIFICATE = 11
SERVER_HELLO_DONE = 14
CLIENT_KEY_EXCHANGE = 16
FINISHED = 20
KEY_UPDATE = 24
COMPRESSED_CERTIFICATE = 25

_HEADER_BYTES = 4


class MessageBuffer:
    """Contents of handshake records in, whole messages out."""

    __slots__ = ("_buffer", "_skip")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skip = 0

    @property
    def is_inside(self) -> bool:
        """Whether the end of a message has not come."""
        return bool(self._buffer or self._skip)

    def clear(self) -> None:
        """Forget the beginning of a message whose end will not come."""
        self._buffer.clear()
        self._skip = 0

    def feed(self, content: bytes) -> Iterator[tuple[int, bytes]]:
        """Give type and whole message (header of four bytes included) of each that ends in `content`."""
        buffer = self._buffer
        if not buffer and not self._skip and len(content) >= _HEADER_BYTES:
            size = _HEADER_BYTES + int.from_bytes(content[1:_HEADER_BYTES], "big")
            if size == len(content):  # the ordinary record holds one message
                yield content[0], content
                return
        buffer += content
        while True:
            if self._skip:
                dropped = min(self._skip, len(buffer))
                del buffer[:dropped]
                self._skip -= dropped
            if len(buffer) < _HEADER_BYTES:
                return
            size = _HEADER_BYTES + int.from_bytes(buffer[1:_HEADER_BYTES], "big")
            if size > MAX_MESSAGE_BYTES:
                self._skip = size
                continue
            if len(buffer) < size:
                return
            message = bytes(buffer[:size])
            del buffer[:size]
            yield message[0], message
