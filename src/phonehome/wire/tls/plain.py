"""What was decrypted of one direction, with the way back to the recording."""

from array import array
from collections.abc import Iterator


class Plain:
    """A stretch of decrypted bytes.

    Offsets are absolute in the decrypted stream of the direction, counted from 0, and a gap counts as its size.

    Attributes:
        start: Offset of the first byte (or of the gap, if one comes first).
        parts: The decrypted bytes in order, as they were gathered; what is missing is left out.
        marks: For each record two numbers, the offset of its first byte here, and that of the record in the TLS stream.
        gaps: For each place where records are missing or stayed closed, its offset and size. The size is
            exact where the records' sequence numbers prove how many are missing, else an estimate.
    """

    __slots__ = ("gaps", "marks", "parts", "start")

    def __init__(
        self, start: int, parts: list[bytes], marks: "array[int]", gaps: list[tuple[int, int]]
    ) -> None:
        self.start = start
        self.parts = parts
        self.marks = marks
        self.gaps = gaps

    @property
    def data(self) -> bytes:
        """The decrypted bytes, joined; what is missing is left out."""
        if len(self.parts) > 1:
            self.parts = [b"".join(self.parts)]
        return self.parts[0] if self.parts else b""

    def pieces(self) -> Iterator[bytes | int]:
        """Give bytes, and between them the sizes of the gaps, in order: what a parser is to be fed."""
        if not self.gaps:
            yield from self.parts
            return
        data, at, offset = self.data, 0, self.start
        for gap, size in self.gaps:
            if gap > offset:
                yield data[at : at + gap - offset]
                at += gap - offset
            yield size
            offset = gap + size
        if at < len(data):
            yield data[at:]
