"""Reading one input, or the files of one recording: exchanges and problems, then what the document says about each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from phonehome.model.account import Account
from phonehome.model.errors import InputError
from phonehome.model.exchange import Exchange
from phonehome.model.handset import SeenHandset
from phonehome.model.problem import Problem
from phonehome.model.recording import RecordedSpan
from phonehome.readers.base import (
    DEFAULTS,
    ByteStream,
    Item,
    Reader,
    ReadingOptions,
    Rendered,
    explain_failure,
)
from phonehome.readers.capture import CaptureReader
from phonehome.readers.inputs import InputFile
from phonehome.readers.rotation import RotatedFile
from phonehome.readers.shared import is_worth_sharing, read_shared
from phonehome.readers.sources import Tally

MAX_PROBLEMS = 10_000
"""How many problems of one input are given one by one; the rest are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFacts:
    """One input as the audit document names it.

    Attributes:
        path: What people call it.
        format: The reader's name; None where nothing could be read.
        sha256: Of the bytes as stored, wrapping included; of the whole archive for a member of one. None where
            `ReadingOptions.audited` is not set.
        size: Of the same bytes.
        first: When its earliest exchange began.
        last: When its latest exchange began.
        handset: Which end of a capture of packets was the phone.
        recorded_from: The first moment of which it holds something: a packet, or the beginning of an exchange.
        recorded_to: The last such moment: a packet, or the end of an exchange.
    """

    path: str
    format: str | None
    sha256: str | None
    size: int | None
    first: datetime | None
    last: datetime | None
    handset: SeenHandset | None
    recorded_from: datetime | None = None
    recorded_to: datetime | None = None


Found = Exchange | Rendered | Problem | Account
"""What comes out of an input."""

_TIMED = (Exchange, Rendered)


class Reading(Iterator[Found]):
    """Iterates over one input, or over the files of one recording; afterwards the facts are complete.

    Attributes:
        files: The inputs, by their numbers.
    """

    def __init__(self, files: Sequence[InputFile], options: ReadingOptions) -> None:
        self.files = tuple(files)
        self._options = options
        self._ledgers = {file.number: _Ledger(file, hashed=options.audited) for file in files}
        self._items = self._iter_items()

    def __next__(self) -> Found:
        """Give the next exchange or problem."""
        return next(self._items)

    @property
    def facts(self) -> InputFacts:
        """What is known of the first input, which mostly is the only one."""
        return self.all_facts[0]

    @property
    def all_facts(self) -> list[InputFacts]:
        """What is known of each input; whole once the iteration has ended."""
        return [ledger.facts for ledger in self._ledgers.values()]

    def _iter_items(self) -> Iterator[Found]:
        ledgers, first = self._ledgers, self.files[0].number
        for item in self._iter_sources():
            number = item.input
            ledger = ledgers[number if number is not None else first]
            if isinstance(item, SeenHandset):
                ledger.handset = item
            elif isinstance(item, RecordedSpan):
                ledger.cover(item.begin, item.end)
            elif ledger.note(item):
                yield item
        # The first file of a recording may hold no more than the opening of what the next ones hold.
        is_empty = all(ledger.is_empty for ledger in self._ledgers.values())
        for ledger in self._ledgers.values():
            yield from ledger.iter_closing(is_empty=is_empty)

    def _iter_sources(self) -> Iterator[Item]:
        """Read the sources to their ends; whatever stops that becomes the last problem."""
        readers = {type(file.reader) for file in self.files}
        if len(self.files) > 1 and readers == {CaptureReader}:
            yield from CaptureReader().read_rotated(map(self._make_part, self.files), options=self._options)
            return
        for file in self.files:
            yield from self._iter_source(file)

    def _make_part(self, file: InputFile) -> RotatedFile:
        assert file.source is not None  # what has a reader has a source
        opener = partial(file.source.open, self._ledgers[file.number].tally)
        return RotatedFile(where=file.name, number=file.number, begins=file.begins, open=opener)

    def _iter_source(self, file: InputFile) -> Iterator[Item]:
        if file.problem is not None:
            yield file.problem
        if file.source is None or file.reader is None:
            return
        try:
            with file.source.open(self._ledgers[file.number].tally) as stream:
                try:
                    yield from self._read(file.reader, file, stream)
                except InputError as error:
                    yield _make_problem(file, explain_failure(error))
        except (InputError, OSError) as error:
            yield _make_problem(file, explain_failure(error))

    def _read(self, reader: Reader, file: InputFile, stream: ByteStream) -> Iterator[Item]:
        where, number, options = file.name, file.number, self._options
        path = file.source.path if file.source is not None else None
        if options.workers > 1 and isinstance(reader, CaptureReader) and is_worth_sharing(path, options):
            return read_shared(stream, path, where, number, options)
        return reader.read(stream, where=where, number=number, options=options)


class _Ledger:
    """What is counted of one input.

    Attributes:
        tally: Counts its bytes as stored.
        handset: Which end of it was the phone.
    """

    def __init__(self, file: InputFile, *, hashed: bool) -> None:
        self.tally = file.stored if file.stored is not None else Tally(hashed=hashed)
        self.handset: SeenHandset | None = None
        self._file = file
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._from: datetime | None = None
        self._to: datetime | None = None
        self._items = 0
        self._problems = 0

    @property
    def facts(self) -> InputFacts:
        is_read = self._file.source is not None
        return InputFacts(
            path=self._file.name,
            format=self._file.reader.name if self._file.reader is not None else None,
            sha256=self.tally.sha256 if is_read else None,
            size=self.tally.size if is_read else None,
            first=self._first,
            last=self._last,
            handset=self.handset,
            recorded_from=min(filter(None, (self._from, self._first)), default=None),
            recorded_to=max(filter(None, (self._to, self._last)), default=None),
        )

    def note(self, item: Found) -> bool:
        """Count an item; tells whether it is to be handed on."""
        self._items += 1
        if isinstance(item, _TIMED):
            time = item.time
            if time is None:
                pass
            elif self._first is None or self._last is None:
                self._first = self._last = time
            elif time > self._last:
                self._last = time
            elif time < self._first:
                self._first = time
        elif isinstance(item, Problem):
            self._problems += 1
            return self._problems <= MAX_PROBLEMS
        if isinstance(item, Exchange) and item.pieces:
            times = [piece.time for piece in item.pieces if piece.time is not None]
            if times:
                self.cover(min(times), max(times))
        return True

    def cover(self, begin: datetime, end: datetime) -> None:
        """Take in a time of which the input holds something."""
        self._from = begin if self._from is None else min(self._from, begin)
        self._to = end if self._to is None else max(self._to, end)

    @property
    def is_empty(self) -> bool:
        """Whether all that came, if anything, were problems."""
        return self._items == self._problems

    def iter_closing(self, *, is_empty: bool) -> Iterator[Problem]:
        """What is to be said once all is read; `is_empty` tells of the whole recording."""
        untold = self._problems - MAX_PROBLEMS
        if untold > 0:
            yield _make_problem(self._file, f"has {untold:,} problems more, of the same kinds")
        if is_empty and not self._problems:
            yield _make_problem(self._file, "holds no exchange", lost=False)


def _make_problem(file: InputFile, reason: str, *, lost: bool = True) -> Problem:
    return Problem(where=file.name, reason=reason, input=file.number, lost=lost)


def read_input(file: InputFile, options: ReadingOptions = DEFAULTS) -> Reading:
    """Read one input by itself: iterate for its exchanges and problems, then look at `facts`.

    A capture of no known format, damaged or cut short, is a problem here, never an exception; the caller
    who gets no exchange out of any input has nothing to audit.
    """
    return Reading([file], options)


def read_inputs(files: Sequence[InputFile], options: ReadingOptions = DEFAULTS) -> Iterator[Reading]:
    """Read all inputs as `iter_inputs` gave them, the files of one recording together; see `read_input`."""
    together: list[InputFile] = []
    for file in files:
        if together and file.after != together[-1].number:
            yield Reading(together, options)
            together = []
        together.append(file)
    if together:
        yield Reading(together, options)
