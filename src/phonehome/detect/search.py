"""Finding the patterns of a lexicon in many buffers at once.

One Hyperscan pass over the joined buffers finds every literal; the index of digests goes over the binary ones. A
match counts if it stands by itself (boundaries); a piece of a long text is stretched as far as it agrees.
"""

from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate

import hyperscan

from phonehome.detect.boundaries import CHECKS
from phonehome.detect.digests import KEY
from phonehome.detect.forms import Boundary, Form
from phonehome.detect.forms.person import ENOUGH_STRETCH, FILE_ANCHOR, MIN_STRETCH
from phonehome.detect.lexicon import Entry, Lexicon
from phonehome.detect.tokens import SEPARATOR

MAX_MATCHES = 200_000
"""Matches taken from one joined buffer; a capture made of nothing but known values ends here."""


_SPACES = frozenset(b"\t\n\r")


@dataclass(frozen=True, slots=True)
class Hit:
    """A form seen in a buffer: the buffer's place in the layer, and the span.

    `recipe` is set for digests: the algorithms, and `bits` is then what is really there of the digest.
    """

    buffer: int
    entry: Entry
    form: Form
    start: int
    end: int
    bits: float
    recipe: str | None = None
    digest_size: int = 0


class Searcher:
    """Searches for all patterns of one lexicon."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._lengths = [len(pattern) for pattern, _ in lexicon.patterns]
        self._database = hyperscan.Database() if lexicon.patterns else None
        if self._database is not None:
            expressions = [b"".join(b"\\x%02x" % byte for byte in pattern) for pattern, _ in lexicon.patterns]
            flags = [hyperscan.HS_FLAG_CASELESS if caseless else 0 for _, caseless in lexicon.patterns]
            self._database.compile(
                expressions=expressions,
                ids=list(range(len(expressions))),
                elements=len(expressions),
                flags=flags,
            )

    def search(self, buffers: Sequence[bytes]) -> tuple[list[Hit], bool]:
        """Every form in `buffers`, and whether the search ended early at its bound."""
        if self._database is None or not buffers:
            return [], False
        joined, begins = _join(buffers)
        raw: list[tuple[int, int]] = []

        def on_match(pattern: int, _start: int, end: int, _flags: int, _context: object) -> bool | None:
            raw.append((pattern, end))
            return len(raw) >= MAX_MATCHES or None

        with suppress(hyperscan.ScanTerminated):
            self._database.scan(joined, match_event_handler=on_match)
        hits: list[Hit] = []
        for pattern, end in raw:
            start = end - self._lengths[pattern]
            place = bisect_right(begins, start) - 1
            buffer, begin = buffers[place], begins[place]
            if end - begin <= len(buffer):
                self._check(hits, place, buffer, pattern, start - begin, end - begin)
        return hits, len(raw) >= MAX_MATCHES

    def _check(self, hits: list[Hit], place: int, buffer: bytes, pattern: int, start: int, end: int) -> None:
        for entry in self.lexicon.entries[pattern]:
            form = entry.form
            if form.anchor:
                stretched = _stretch(buffer, form, start, end)
                if stretched is not None:
                    share = (stretched[1] - stretched[0]) / len(form.text)
                    hits.append(Hit(place, entry, form, *stretched, form.bits * share))
            elif CHECKS[form.boundary](buffer, start, end) or _has_length_before(buffer, start, end):
                stop = end
                if form.boundary is Boundary.IMEISV and buffer[end : end + 2].isdigit():
                    stop = end + 2
                hits.append(Hit(place, entry, form, start, stop, form.bits))

    def search_anywhere(self, data: bytes) -> list[tuple[int, int, int]]:
        """Every pattern that says something by itself, boundaries aside: (start, end, value); for masking."""
        if self._database is None or not data:
            return []
        found: list[tuple[int, int, int]] = []

        def on_match(pattern: int, _start: int, end: int, _flags: int, _context: object) -> bool | None:
            entry = self.lexicon.entries[pattern][0]
            if entry.value < self.lexicon.decoys_from and (
                entry.form.half is None or len(entry.form.pattern) > 5
            ):
                span = end - self._lengths[pattern], end
                if entry.form.anchor:
                    span = _agreement(data, entry.form, *span)
                found.append((*span, entry.value))
            return len(found) >= MAX_MATCHES or None

        with suppress(hyperscan.ScanTerminated):
            self._database.scan(data, match_event_handler=on_match)
        return found

    def search_digests(self, buffers: Sequence[bytes]) -> list[Hit]:
        """Every digest in `buffers`."""
        if not buffers:
            return []
        joined, begins = _join(buffers)
        hits = []
        for found in self.lexicon.digests.search(joined):
            place = bisect_right(begins, found.start) - 1
            start = found.start - begins[place]
            end = min(start + found.length, len(buffers[place]))
            if end - start >= KEY:
                entry = Entry(found.entry.value, found.entry.form)
                size = len(found.entry.digest)
                bits = 8.0 * (end - start)
                hits.append(Hit(place, entry, entry.form, start, end, bits, found.entry.recipe, size))
        return hits


def _has_length_before(buffer: bytes, start: int, end: int) -> bool:
    """Whether a length byte says that just this span is a field of a binary; what follows is another field.

    A line break or a character may be that byte by accident, so in their range a zero (the upper half of a
    longer length) must stand before it.
    """
    size = end - start
    if not start or buffer[start - 1] != size:
        return False
    if size in _SPACES or 0x20 <= size < 0x7F:
        return start > 1 and buffer[start - 2] == 0
    return True


def _join(buffers: Sequence[bytes]) -> tuple[bytes, list[int]]:
    """The buffers with separators between them, and where each begins."""
    sizes = [len(buffer) + len(SEPARATOR) for buffer in buffers]
    return SEPARATOR.join(buffers), list(accumulate(sizes[:-1], initial=0))


def _stretch(buffer: bytes, form: Form, start: int, end: int) -> tuple[int, int] | None:
    """The longest agreement of buffer and text around an anchor, or None if it is too short to count."""
    first, last = _agreement(buffer, form, start, end)
    of_a_text = min(ENOUGH_STRETCH, max(MIN_STRETCH, len(form.text) // 3))
    least = FILE_ANCHOR if len(form.pattern) == FILE_ANCHOR else of_a_text
    if last - first < min(least, len(form.text)):
        return None
    return first, last


def _agreement(buffer: bytes, form: Form, start: int, end: int) -> tuple[int, int]:
    """How far buffer and text agree on both sides of an anchor."""
    text, at = form.text, form.at
    back = 0
    while back < min(start, at) and buffer[start - back - 1] == text[at - back - 1]:
        back += 1
    ahead, after = 0, at + end - start
    most = min(len(buffer) - end, len(text) - after)
    while ahead < most and buffer[end + ahead] == text[after + ahead]:
        ahead += 1
    return start - back, end + ahead
