"""Finding the patterns of a lexicon in many buffers at once.

One Hyperscan pass over the joined buffers finds every literal; the index of digests goes over the binary ones. A
match counts if it stands by itself (boundaries); a piece of a long text is stretched as far as it agrees.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import accumulate

import hyperscan

from phonehome.detect.boundaries import CHECKS
from phonehome.detect.digests import KEY
from phonehome.detect.forms import Boundary, Form
from phonehome.detect.forms.person import ENOUGH_STRETCH, FILE_ANCHOR, MIN_STRETCH
from phonehome.detect.forms.place import NEAR
from phonehome.detect.lexicon import Entry, Lexicon
from phonehome.detect.tokens import SEPARATOR

MAX_MATCHES = 200_000
"""Matches taken from one joined buffer; a capture made of nothing but known values ends here."""


MAX_DECIMALS = 20
"""Decimal places of a coordinate that are read."""

MAX_HITS = 500
"""Hits of one value in one buffer that are looked at; it is there, and more of it says no more."""

_FILE_BITS = 4.0  # of each byte: half of what a compressed file has
_SPACES = frozenset(b"\t\n\r")
_NOT_DIGITS = bytes(byte for byte in range(256) if not 0x30 <= byte <= 0x39)
_GROUPED = re.compile(
    rb"(?<![0-9A-Za-z.+])[+(]{0,2}[0-9]{1,8}(?:(?:[ ./()-]|\xc2\xa0|\xe2\x80[\x90-\x95\xaf]){1,3}[0-9]{1,8}){1,7}"
    rb"(?![0-9A-Za-z])"
)


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


@dataclass(slots=True)
class _Hits:
    """Hits as they come, at most `MAX_HITS` of one value in one buffer."""

    hits: list[Hit] = field(default_factory=list)
    counts: Counter[tuple[int, int]] = field(default_factory=Counter)
    reached: dict[tuple[int, int], int] = field(default_factory=dict)

    def add(self, hit: Hit) -> None:
        key = hit.buffer, hit.entry.value
        self.counts[key] += 1
        if self.counts[key] <= MAX_HITS:
            self.hits.append(hit)
        if hit.form.anchor:
            self.reached[key] = max(hit.end, self.reached.get(key, 0))

    def covers(self, place: int, entry: Entry, end: int) -> bool:
        """Whether an anchor lies within what an earlier one was stretched to."""
        return end <= self.reached.get((place, entry.value), 0)


def _end_of_near(buffer: bytes, form: Form, start: int, end: int) -> int:
    """Where a decimal number ends that is as near to the form's as `NEAR` says; −1 if it is not."""
    stop = end
    while stop < min(len(buffer), end + MAX_DECIMALS) and buffer[stop : stop + 1].isdigit():
        stop += 1
    number = float(buffer[start:stop].replace(b",", b"."))
    return stop if abs(number - float(form.text)) <= NEAR else -1


def _as_imeisv(form: Form) -> Form:
    return replace(form, name=form.name.replace("no-check-digit", "imeisv"))


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
        hits = _Hits()
        for pattern, end in raw:
            start = end - self._lengths[pattern]
            place = bisect_right(begins, start) - 1
            buffer, begin = buffers[place], begins[place]
            if end - begin <= len(buffer):
                self._check(hits, place, buffer, pattern, start - begin, end - begin)
        self._search_grouped(hits, joined, begins, buffers)
        return hits.hits, len(raw) >= MAX_MATCHES

    def _search_grouped(
        self, hits: "_Hits", joined: bytes, begins: list[int], buffers: Sequence[bytes]
    ) -> None:
        """Long numbers written in groups, however they are grouped: their digits are looked up as one."""
        if not self.lexicon.grouped:
            return
        for match in _GROUPED.finditer(joined):
            digits = match.group().translate(None, _NOT_DIGITS)
            entries = self.lexicon.grouped.get(digits)
            if entries is None:
                continue
            place = bisect_right(begins, match.start()) - 1
            start, end = (edge - begins[place] for edge in match.span())
            for entry in entries:
                national = entry.form.boundary is Boundary.NATIONAL
                if end <= len(buffers[place]) and not (national and match.group().startswith((b"+", b"(+"))):
                    hits.add(Hit(place, entry, entry.form, start, end, entry.form.bits))

    def _check(self, hits: "_Hits", place: int, buffer: bytes, pattern: int, start: int, end: int) -> None:
        for entry in self.lexicon.entries[pattern]:
            form = entry.form
            if form.anchor:
                if hits.covers(place, entry, end):
                    continue
                stretched = _stretch(buffer, form, start, end)
                if stretched is not None:
                    share = (stretched[1] - stretched[0]) / len(form.text)
                    hits.add(Hit(place, entry, form, *stretched, _bits_of_part(form, share, stretched)))
            elif CHECKS[form.boundary](buffer, start, end) or _has_length_before(buffer, start, end):
                stop = end
                if form.boundary is Boundary.NEAR:
                    stop = _end_of_near(buffer, form, start, end)
                    if stop < 0:
                        continue
                if form.boundary is Boundary.IMEISV and buffer[end : end + 2].isdigit():
                    form, stop = _as_imeisv(form), end + 2
                hits.add(Hit(place, entry, form, start, stop, form.bits))

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


def _bits_of_part(form: Form, share: float, span: tuple[int, int]) -> float:
    """The surprise of a part: of a text its share; of a file, which has no words, what its bytes are worth."""
    if len(form.pattern) == FILE_ANCHOR:
        return min(_FILE_BITS * (span[1] - span[0]), form.bits)
    return form.bits * share


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
