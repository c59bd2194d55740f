"""gRPC's length-prefixed messages (gRPC over HTTP/2, and gRPC-Web, whose trailers come as a last frame)."""

from phonehome.decoders.base import Leaf
from phonehome.model.errors import DecodeError, LimitExceeded

_PREFIX = 5
_FLAGS = frozenset((0x00, 0x01, 0x80, 0x81))  # compressed: 1; trailers of gRPC-Web: 0x80


class Grpc:
    """One message or more that fill the buffer exactly; a compressed one is given as it stands."""

    name = "grpc"

    def split(self, data: bytes, limit: int) -> list[Leaf]:
        """Give the messages; the step `grpc:0` is the first.

        Raises:
            DecodeError: The frames do not fill the buffer, or all are empty.
            LimitExceeded: More than `limit` messages.
        """
        leaves: list[Leaf] = []
        pos, index, size = 0, 0, len(data)
        while pos < size:
            start = pos + _PREFIX
            if data[pos] not in _FLAGS or start > size:
                raise DecodeError(f"expected gRPC frames; {size} bytes are not")
            pos = start + int.from_bytes(data[pos + 1 : start], "big")
            if pos > size:
                raise DecodeError(f"expected gRPC frames; one is longer than the {size} bytes")
            if pos > start:
                leaves.append(Leaf(f"grpc:{index}", data[start:pos], start, pos))
            index += 1
            if index > limit:
                raise LimitExceeded(f"more than {limit} messages in gRPC frames")
        if not leaves:
            raise DecodeError("expected gRPC frames; they hold nothing")
        return leaves
