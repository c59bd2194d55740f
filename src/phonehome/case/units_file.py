"""An organisation's list of handsets: CSV with the columns make, model, build and unit, as spreadsheets export it.

Read are UTF-8 with or without a byte order mark, UTF-16 with one ("Unicode text"), commas, semicolons or tabs, and a
first line `sep=;`. Columns of other names are passed over, and named in a warning. Everything that is wrong is said at
once.
"""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from phonehome.case.reading import MAX_LINE, Remarks
from phonehome.case.yamlfile import MAX_ERRORS, at, suggest
from phonehome.model.errors import ConfigError
from phonehome.model.policy import Unit
from phonehome.model.wording import listing_at_most

COLUMNS = ("make", "model", "build", "unit")
MAX_BYTES = 32 << 20
MAX_UNITS = 200_000
MAX_COLUMNS = 200
MAX_ROW = 100_000
"""Characters of one row."""
_SEPARATORS = (",", ";", "\t")
_EXAMPLE = "make,model,build,unit"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsFile:
    """The handsets of a list, and what is odd in it, each as `FILE:LINE: text`."""

    units: tuple[Unit, ...]
    warnings: tuple[str, ...] = ()


def load_units(path: Path) -> UnitsFile:
    """Read a list of handsets.

    Raises:
        ConfigError: It cannot be read, has no header, or lines of it are wrong; each with file and line.
    """
    return _Reader(path, _read(path)).run()


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "its name is not valid"
        raise ConfigError(f"{path}: cannot be read: {reason}; name a CSV file") from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES >> 20} MiB; split the list")
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        hint = "save the list as “CSV UTF-8”"
        raise ConfigError(at(path, line, f"this is no UTF-8 text; {hint}")) from error


class _Lines:
    """The lines of a text, for one row after another: `room` is how many characters the row at hand may still take.

    A row goes on over line breaks in quotes, so that a file without bounds could be a single one of millions of fields.
    """

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self.room = MAX_ROW

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._lines.readline(self.room + 1)
        if not line:
            raise StopIteration
        self.room -= len(line)
        if self.room < 0:
            raise csv.Error(f"a row of more than {MAX_ROW:,} characters")
        return line


class _Reader:
    """Reads the text of one list."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self._remarks = Remarks()

    def run(self) -> UnitsFile:
        rows = self._iter_rows()
        first = next(rows, None)
        if first is None:
            raise self._error(1, f"the list is empty; its first line names the columns: {_EXAMPLE}")
        line, header = first
        columns = self._columns(line, header)
        units: list[Unit] = []
        for line, row in rows:
            if len(units) >= MAX_UNITS:
                raise self._error(line, f"more than {MAX_UNITS:,} handsets; split the list")
            with self._remarks.collecting():
                units.append(self._unit(line, row, columns, len(header)))
            if len(self._remarks.errors) > MAX_ERRORS:
                break  # a list of another kind: its every line would be said
        self._remarks.check()
        if not units:
            self._remarks.warnings.append(at(self._path, line, "the list names no handset"))
        return UnitsFile(units=tuple(units), warnings=tuple(self._remarks.warnings))

    def _error(self, line: int, text: str) -> ConfigError:
        return ConfigError(at(self._path, line, text))

    def _iter_rows(self) -> Iterator[tuple[int, list[str]]]:
        """Give the rows that hold something, with the line on which each begins."""
        text, skipped = self._text, 0
        head, _, rest = text.partition("\n")
        marked = head.strip().lower()
        separator = marked[4:5] or "\t" if marked.startswith("sep=") else _find_separator(head)
        if marked.startswith("sep="):
            if separator not in _SEPARATORS:
                raise self._error(1, f"{head.strip()[:20]!r} names a separator that is not read; use , or ;")
            text, skipped = rest, 1
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1 + skipped
            raise self._error(line, "a zero byte; this is no CSV (a spreadsheet saves it under “CSV UTF-8”)")
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=separator, strict=True)
        before = skipped
        while True:
            begins = before + 1
            lines.room = MAX_ROW
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise self._error(
                    begins, f"this is no CSV: {error}; is a quotation mark missing, or one too many?"
                ) from error
            before = skipped + reader.line_num
            if any(field.strip() for field in row):
                yield begins, row

    def _columns(self, line: int, header: Sequence[str]) -> dict[str, int]:
        names = [field.strip().casefold() for field in header[:MAX_COLUMNS]]
        if len(header) > MAX_COLUMNS:
            raise self._error(line, f"{len(header)} columns, and at most {MAX_COLUMNS} are read")
        missing = [name for name in COLUMNS if name not in names]
        others = [name for name in names if name not in COLUMNS]
        if missing:
            hints = "".join(dict.fromkeys(suggest(name, missing) for name in others if name))
            raise self._error(
                line,
                f"the first line must name the columns {_EXAMPLE}, and {', '.join(missing)} "
                f"{'is' if len(missing) == 1 else 'are'} missing{hints}",
            )
        for name in COLUMNS:
            if names.count(name) > 1:
                raise self._error(line, f"the column {name!r} stands twice; keep one")
        if any(others):
            named = listing_at_most([repr(name[:40]) for name in others if name], 5, "other", "others")
            self._remarks.warnings.append(at(self._path, line, f"columns that were passed over: {named}"))
        return {name: names.index(name) for name in COLUMNS}

    def _unit(self, line: int, row: Sequence[str], columns: dict[str, int], width: int) -> Unit:
        if len(row) != width:
            raise self._error(
                line,
                f"{len(row)} fields, and the first line names {width}; a field with a separator needs quotes",
            )
        fields = {name: row[place].strip() for name, place in columns.items()}
        for name, text in fields.items():
            if len(text) > MAX_LINE:
                raise self._error(line, f"{name} is longer than {MAX_LINE} characters")
            if not text.isprintable():
                raise self._error(line, f"{name} holds a line break or another character that cannot be seen")
        for name in ("make", "model"):
            if not fields[name]:
                raise self._error(line, f"{name} is empty; without it nobody knows which handset this is")
        return Unit(
            line=line,
            make=fields["make"],
            model=fields["model"],
            build=fields["build"] or None,
            unit=fields["unit"] or None,
        )


def _find_separator(head: str) -> str:
    """Give the separator that the header has most of: no name of a column holds one."""
    return max(_SEPARATORS, key=head.count)
