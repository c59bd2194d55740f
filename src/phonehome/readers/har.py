"""HAR, the HTTP Archive: JSON that browsers and proxies export.

Read entry by entry, so that a file larger than memory is read too. Entries are told apart by
`har_entries`, made into exchanges by `har_entry`.
"""

import io
from collections.abc import Iterator
from datetime import timedelta

from phonehome.model.errors import DecodeError
from phonehome.model.exchange import Exchange
from phonehome.model.problem import Problem
from phonehome.model.recording import RecordedSpan
from phonehome.readers.base import DEFAULTS, ByteStream, Item, ReadingOptions
from phonehome.readers.har_entries import HarEntries, RawEntry
from phonehome.readers.har_entry import NotTrafficError, read_entry
from phonehome.readers.har_fields import Note

MAX_LASTED_MS = 3_600_000
"""Milliseconds that an entry may say it took: what says more counts as having told nothing."""


class HarReader:
    """Reads HAR 1.2 in UTF-8, or with a byte order mark in UTF-16 or UTF-32."""

    name = "har"

    def recognises(self, head: bytes) -> bool:
        """Tell a HAR by the `log` at the top of its JSON."""
        return HarEntries(io.BytesIO(head)).find_log()

    def read(
        self, stream: ByteStream, *, where: str, number: int, options: ReadingOptions = DEFAULTS
    ) -> Iterator[Item]:
        """Read every entry; see `Reader.read`."""
        del options
        entries = HarEntries(stream)
        covered: RecordedSpan | None = None
        for raw in entries:
            for item in _read_raw(raw, where, number):
                if isinstance(item, Exchange):
                    covered = _cover(covered, item, raw.value)
                yield item
        if covered is not None:
            yield covered
        if entries.has_other_bytes:
            reason = "holds bytes that are not UTF-8; they were read as they stand"
            yield Problem(where=where, reason=reason, input=number, lost=False)


def _cover(covered: RecordedSpan | None, exchange: Exchange, entry: object) -> RecordedSpan | None:
    """Take in the time that an entry took, from its beginning to the end of the answer."""
    lasted = entry.get("time") if isinstance(entry, dict) else None
    if exchange.time is None or isinstance(lasted, bool) or not isinstance(lasted, int | float):
        return covered
    if not 0 < lasted <= MAX_LASTED_MS:
        return covered
    try:
        end = exchange.time + timedelta(milliseconds=lasted)
    except OverflowError:
        return covered
    if covered is not None and end <= covered.end:
        return covered
    begin = exchange.time if covered is None else covered.begin
    return RecordedSpan(input=exchange.input, begin=begin, end=end)


def _read_raw(raw: RawEntry, where: str, number: int) -> Iterator[Item]:
    place = f"{where} entry {raw.index}"
    notes = [Note(raw.trouble, raw.lost)] if raw.trouble is not None else []
    if raw.trouble is None or raw.value is not None:
        try:
            exchange, odd = read_entry(raw.value, number=number, index=raw.index)
        except DecodeError as error:
            notes.append(Note(str(error), not isinstance(error, NotTrafficError)))
        else:
            notes += odd
            yield exchange
    for note in notes:
        yield Problem(where=place, reason=note.reason, input=number, index=raw.index, lost=note.lost)
