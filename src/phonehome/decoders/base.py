"""What a decoder is. Three kinds, because bytes offer three kinds of hold.

- A `Compression` turns a whole buffer, or its beginning, into another; most carry a signature.
- A `TextCoding` writes bytes with a small alphabet; candidates are runs of that alphabet inside a text.
- A `Container` holds named parts; it gives them one by one with the step that leads there.

Each decoder is one file, one test, and one line in a tuple of `phonehome.decoders`. All are pure: bytes in,
bytes out, `DecodeError` for everything malformed, and never more output than `limit`.
"""

import re
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Inflated:
    """What a compression gave: the bytes, how many input bytes it used, and whether it reached its end.

    `complete` is False when the output stopped at the limit or the input ended early; what is there counts.
    """

    data: bytes
    consumed: int
    complete: bool


class Compression(Protocol):
    """A compressed format."""

    @property
    def name(self) -> str:
        """The name in chains: `gzip`, `zlib`, `deflate`, `br`, `zstd`, `lz4`, `snappy`, `bzip2`, `xz`."""

    @property
    def signatures(self) -> tuple[bytes, ...]:
        """First bytes, any one of which marks the format; empty where it has none."""

    def inflate(self, data: bytes, limit: int) -> Inflated:
        """Decompress from the first byte of `data`, giving at most `limit` bytes.

        Raises:
            DecodeError: Not this format, or not one byte could be read of it.
        """


class TextCoding(Protocol):
    """A way to write bytes as text."""

    @property
    def name(self) -> str:
        """The name in chains: `base64`, `base16`, `percent` and so on."""

    @property
    def pattern(self) -> re.Pattern[bytes]:
        """Finds candidate spans in a text; maximal runs, cheap to scan, linear in time on any input."""

    def decode(self, span: bytes) -> bytes:
        """Decode one candidate.

        Raises:
            DecodeError: The span is not in this coding, or too unlike it to be worth a look.
        """


@dataclass(frozen=True, slots=True)
class Leaf:
    """One part of a container.

    Attributes:
        step: The step of the path that leads here (`form:imei`, `$.a[0].b`, `1.2`); `''` adds none.
        data: Its bytes, unescaped.
        start: Where its raw bytes begin in the container; −1 where they are not known yet.
        end: Where they end; −1 likewise.
    """

    step: str
    data: bytes
    start: int = -1
    end: int = -1


class Container(Protocol):
    """A format with parts."""

    @property
    def name(self) -> str:
        """The name in chains: `json`, `form`, `protobuf` and so on."""

    def split(self, data: bytes, limit: int) -> list[Leaf]:
        """Give the parts, at most `limit` of them.

        Strict: random bytes and other formats must not pass. Numbers are leaves too, written as in the
        source (JSON), or in decimal (binary formats).

        Raises:
            DecodeError: Not this format.
            LimitExceeded: More parts or deeper nesting than allowed.
        """
