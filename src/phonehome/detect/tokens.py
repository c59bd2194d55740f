"""Finding encoded spans in text, for a whole layer of texts at once.

Web traffic is full of words, and nearly every word is also legal Base64. So the characters of all texts of a layer
are classed by one table look-up, runs of the alphabets come from the places where the class changes, and each
run's union and intersection of classes (two `reduceat`) say which codings it can be in. Only those few are decoded.
"""

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

SEPARATOR = b"\x1e\x00\x1e"
"""Stands between the texts of a layer; in no alphabet, and no form can span it unseen."""

MIN_BASE16 = 12
MIN_GLUED_BASE16 = 16
MIN_BASE64 = 8
MIN_BASE32 = 10
MIN_BASE58 = 8
MAX_BASE58 = 512
"""Base 58 is one long number: decoding takes the square of its length."""

MIN_WORDLIKE_BASE32 = 24
"""Lower-case letters without a digit are a word; this long, they are not."""

Mask = NDArray[np.bool_]

_HEX, _ALNUM, _JOINT, _B32_UPPER, _B32_LOWER, _B58 = 1, 2, 4, 8, 16, 32
_UPPER, _LOWER, _DIGIT, _URL_SAFE, _STANDARD = 64, 128, 256, 512, 1024
_B32_TAILS = np.array([True, False, True, False, True, True, False, True])  # RFC 4648, section 6


def _table() -> NDArray[np.uint16]:
    table = np.zeros(256, dtype=np.uint16)
    alphabets = {
        _HEX: string.hexdigits,
        _ALNUM: string.ascii_letters + string.digits,
        _JOINT: "+/-_",
        _B32_UPPER: string.ascii_uppercase + "234567",
        _B32_LOWER: string.ascii_lowercase + "234567",
        _B58: "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
        _UPPER: string.ascii_uppercase,
        _LOWER: string.ascii_lowercase,
        _DIGIT: string.digits,
        _URL_SAFE: "-_",
        _STANDARD: "+/",
    }
    for flag, alphabet in alphabets.items():
        table[np.frombuffer(alphabet.encode(), dtype=np.uint8)] |= flag
    return table


_TABLE = _table()


@dataclass(frozen=True, slots=True)
class Token:
    """A span of one text that may be in `coding`; `text` is the text's place in the layer."""

    text: int
    coding: str
    start: int
    end: int


def find_tokens(texts: Sequence[bytes]) -> list[Token]:
    """Spans of all `texts` that can be base16, base32, base58 or base64, in the order of the texts."""
    joined = SEPARATOR + SEPARATOR.join(texts) + SEPARATOR
    sizes = np.fromiter((len(text) for text in texts), dtype=np.int64, count=len(texts))
    begins = np.cumsum(sizes + len(SEPARATOR)) - sizes
    classes = _TABLE[np.frombuffer(joined, dtype=np.uint8)]
    words = _Runs(classes, _ALNUM)
    chained = _Runs(classes, _ALNUM | _JOINT).where_any(_JOINT)
    found: list[tuple[int, int, str]] = []
    hexes = _Runs(classes, _HEX)
    for coding, mask, runs in (
        ("base16", hexes.base16(classes), hexes),
        ("base64", words.base64(), words),
        ("base32", words.base32(), words),
        ("base58", words.base58(), words),
        ("base64", chained.base64() & ~chained.any(_URL_SAFE), chained),
        ("base64url", chained.base64() & ~chained.any(_STANDARD), chained),
    ):
        places = np.flatnonzero(mask)
        starts, ends = runs.starts[places].tolist(), runs.ends[places].tolist()
        found.extend(zip(starts, ends, [coding] * len(starts), strict=True))
    found.extend(_odd_base16(hexes))
    found.extend(_mixed_base64(joined, chained))
    found.sort()
    owners = np.searchsorted(begins, [start for start, _, _ in found], side="right") - 1
    offsets = begins.tolist()
    return [
        Token(owner, coding, start - offsets[owner], end - offsets[owner])
        for owner, (start, end, coding) in zip(owners.tolist(), found, strict=True)
    ]


def _odd_base16(hexes: "_Runs") -> Iterator[tuple[int, int, str]]:
    """A run with a digit too many: one at its beginning belongs to a prefix (`v1`), or one at its end is cut."""
    for place in np.flatnonzero((hexes.lengths >= MIN_GLUED_BASE16) & (hexes.lengths % 2 == 1)):
        start, end = int(hexes.starts[place]), int(hexes.ends[place])
        yield start, end - 1, "base16"
        yield start + 1, end, "base16"


def _mixed_base64(joined: bytes, chained: "_Runs") -> Iterator[tuple[int, int, str]]:
    """A run of both alphabets: standard Base64 behind a name and a dash (`sha256-…`)."""
    for place in np.flatnonzero(chained.any(_URL_SAFE) & chained.any(_STANDARD)):
        start, end = int(chained.starts[place]), int(chained.ends[place])
        begin = max(joined.rfind(b"-", start, end), joined.rfind(b"_", start, end)) + 1
        if end - begin >= MIN_BASE64:
            yield begin, end, "base64"


class _Runs:
    """Maximal runs of characters of some classes, with the union and intersection of each run's classes."""

    def __init__(self, classes: NDArray[np.uint16], members: int) -> None:
        inside = (classes & members) != 0
        edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
        starts, ends = edges[0::2], edges[1::2]
        long = ends - starts >= MIN_BASE64
        self.starts, self.ends = starts[long], ends[long]
        if len(self.starts):
            bounds = np.empty(2 * len(self.starts), dtype=np.int64)
            bounds[0::2], bounds[1::2] = self.starts, self.ends
            self.union = np.bitwise_or.reduceat(classes, bounds)[::2]
            self.common = np.bitwise_and.reduceat(classes, bounds)[::2]
        else:
            self.union = self.common = np.zeros(0, dtype=np.uint16)
        self.lengths = self.ends - self.starts

    def where_any(self, flag: int) -> "_Runs":
        """Only the runs in which some character is of the class."""
        chosen = (self.union & flag) != 0
        for name in ("starts", "ends", "union", "common", "lengths"):
            setattr(self, name, getattr(self, name)[chosen])
        return self

    def any(self, flag: int) -> Mask:
        return cast("Mask", np.not_equal(self.union & flag, 0))

    def all(self, flag: int) -> Mask:
        return cast("Mask", np.not_equal(self.common & flag, 0))

    def base16(self, classes: NDArray[np.uint16]) -> Mask:
        """Runs of hexadecimal digits, those glued to other letters (`0x…`, `id…`) only when long."""
        alone = ((classes[self.starts - 1] | classes[self.ends]) & _ALNUM) == 0
        least = np.where(alone, MIN_BASE16, MIN_GLUED_BASE16)
        return cast("Mask", (self.lengths >= least) & (self.lengths % 2 == 0))

    def base64(self) -> Mask:
        mixed = self.any(_UPPER) & (self.any(_LOWER) | self.any(_DIGIT))
        return cast("Mask", mixed & (self.lengths % 4 != 1))

    def base32(self) -> Mask:
        fits = _B32_TAILS[self.lengths % 8] & (self.lengths >= MIN_BASE32)
        odd = self.any(_DIGIT) | (self.lengths >= MIN_WORDLIKE_BASE32)
        return cast("Mask", fits & (self.all(_B32_UPPER) | (self.all(_B32_LOWER) & odd)))

    def base58(self) -> Mask:
        mixed = self.any(_UPPER) & self.any(_LOWER)
        short = self.lengths <= MAX_BASE58
        return self.all(_B58) & mixed & short & (self.lengths >= MIN_BASE58)
