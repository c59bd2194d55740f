"""A cursor over the length-prefixed fields of a handshake message."""

from struct import unpack

from phonehome.model.errors import DecodeError


class Cursor:
    """Takes fields from the front of bytes; every field that is not there is a `DecodeError`."""

    __slots__ = ("_data", "_end", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0
        self._end = len(data)

    def __bool__(self) -> bool:
        return self._position < self._end

    @property
    def left(self) -> int:
        """Bytes not taken yet."""
        return self._end - self._position

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        stop = self._position + size
        if stop > self._end:
            raise DecodeError(f"a TLS field of {size} bytes, of which {self.left} are there")
        field = self._data[self._position : stop]
        self._position = stop
        return field

    def number(self, size: int) -> int:
        """A big-endian number of `size` bytes."""
        start = self._position
        stop = start + size
        if stop > self._end:
            raise DecodeError(f"a TLS number of {size} bytes, of which {self.left} are there")
        self._position = stop
        return int.from_bytes(self._data[start:stop], "big")

    def vector(self, prefix: int) -> bytes:
        """A field whose length stands in `prefix` bytes before it."""
        return self.take(self.number(prefix))

    def numbers(self, prefix: int) -> tuple[int, ...]:
        """A vector of 16-bit numbers; an odd byte at its end is left out."""
        field = self.vector(prefix)
        return unpack(f">{len(field) // 2}H", field[: len(field) & ~1])
