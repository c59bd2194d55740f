"""Reading one input: its exchanges and problems, and what the audit document says about it afterwards."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from phonehome.model.account import Account
from phonehome.model.errors import InputError
from phonehome.model.exchange import Exchange
from phonehome.model.handset import SeenHandset
from phonehome.model.problem import Problem
from phonehome.readers.base import DEFAULTS, ByteStream, Item, Reader, ReadingOptions, Rendered
from phonehome.readers.capture import CaptureReader
from phonehome.readers.inputs import InputFile
from phonehome.readers.shared import is_worth_sharing, read_shared
from phonehome.readers.sources import Source, Tally

MAX_PROBLEMS = 10_000
"""How many problems of one input are given one by one; the rest are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFacts:
    """One input as the audit document names it.

    Attributes:
        path: What people call it.
        format: The reader's name; None where nothing could be read.
        sha256: Of the bytes as stored, wrapping included; of the whole archive for a member of one.
        size: Of the same bytes.
        first: When its earliest exchange began.
        last: When its latest exchange began.
        handset: Which end of a capture of packets was the phone.
    """

    path: str
    format: str | None
    sha256: str | None
    size: int | None
    first: datetime | None
    last: datetime | None
    handset: SeenHandset | None


Found = Exchange | Rendered | Problem | Account
"""What comes out of an input."""


class Reading(Iterator[Found]):
    """Iterates over one input; afterwards `facts` is complete."""

    def __init__(self, file: InputFile, options: ReadingOptions) -> None:
        self._file = file
        self._options = options
        self._tally = file.stored if file.stored is not None else Tally()
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._handset: SeenHandset | None = None
        self._exchanges = 0
        self._accounts = 0
        self._problems = 0
        self._items = self._iter_items()

    def __next__(self) -> Found:
        """Give the next exchange or problem."""
        return next(self._items)

    @property
    def facts(self) -> InputFacts:
        """What is known of the input; whole once the iteration has ended."""
        is_read = self._file.source is not None
        return InputFacts(
            path=self._file.name,
            format=self._file.reader.name if self._file.reader is not None else None,
            sha256=self._tally.sha256 if is_read else None,
            size=self._tally.size if is_read else None,
            first=self._first,
            last=self._last,
            handset=self._handset,
        )

    def _iter_items(self) -> Iterator[Found]:
        if self._file.problem is not None:
            yield self._file.problem
            return
        for item in self._iter_source():
            if isinstance(item, Exchange | Rendered):
                self._note_time(item.time)
                yield item
                continue
            if isinstance(item, SeenHandset):
                self._handset = item
                continue
            if isinstance(item, Account):
                self._accounts += 1
                yield item
                continue
            self._problems += 1
            if self._problems <= MAX_PROBLEMS:
                yield item
        if self._problems > MAX_PROBLEMS:
            yield self._make_problem(
                f"has {self._problems - MAX_PROBLEMS:,} problems more, of the same kinds"
            )
        if not self._exchanges + self._accounts + self._problems:
            yield self._make_problem("holds no exchange", lost=False)

    def _iter_source(self) -> Iterator[Item]:
        """Read the source to its end; whatever stops that becomes the last problem."""
        file = self._file
        if file.source is None or file.reader is None:
            return
        try:
            with file.source.open(self._tally) as stream:
                try:
                    yield from self._read(file.reader, file.source, stream)
                except InputError as error:
                    yield self._make_problem(str(error))
        except InputError as error:
            yield self._make_problem(str(error))
        except OSError as error:
            yield self._make_problem(f"cannot be read to its end ({error.strerror or 'input error'})")

    def _read(self, reader: Reader, source: Source, stream: ByteStream) -> Iterator[Item]:
        where, number, options = self._file.name, self._file.number, self._options
        if (
            options.workers > 1
            and isinstance(reader, CaptureReader)
            and is_worth_sharing(source.path, options)
        ):
            return read_shared(stream, source.path, where, number, options)
        return reader.read(stream, where=where, number=number, options=options)

    def _note_time(self, time: datetime | None) -> None:
        self._exchanges += 1
        if time is not None:
            self._first = time if self._first is None else min(self._first, time)
            self._last = time if self._last is None else max(self._last, time)

    def _make_problem(self, reason: str, *, lost: bool = True) -> Problem:
        return Problem(where=self._file.name, reason=reason, input=self._file.number, lost=lost)


def read_input(file: InputFile, options: ReadingOptions = DEFAULTS) -> Reading:
    """Read one input: iterate for its exchanges and problems, then look at `facts`.

    A capture of no known format, damaged or cut short, is a problem here, never an exception; the caller
    who gets no exchange out of any input has nothing to audit.
    """
    return Reading(file, options)
