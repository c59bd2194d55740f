"""The inputs of an audit: paths, folders, archives and standard input, each told by its content.

A file of no known format in a folder is passed over, unless its name says that it is a capture. A file
that was named and cannot be read becomes an `InputFile` with a problem, so that it stays in the list; only
when nothing at all can be read is that an error.
"""

import os
import stat
import sys
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from phonehome.model.errors import InputError
from phonehome.model.problem import Problem
from phonehome.readers.base import HEAD_BYTES, ByteStream, Reader
from phonehome.readers.capture import CaptureReader
from phonehome.readers.explain import explain_head
from phonehome.readers.har import HarReader
from phonehome.readers.mitmproxy import MitmproxyReader
from phonehome.readers.rotation import arrange
from phonehome.readers.sources import (
    Source,
    Tally,
    file_source,
    member_source,
    open_archive,
    pipe_source,
    unwrapped_source,
)
from phonehome.readers.unwrap import name_wrapping
from phonehome.readers.zip_archive import is_zip

READERS: tuple[Reader, ...] = (CaptureReader(), HarReader(), MitmproxyReader())
"""Every reader; the first that recognises an input reads it."""

MAX_WRAPPINGS = 3
"""Compressions and archives around one another."""

_CAPTURE_SUFFIXES = frozenset({".har", ".zhar", ".mitm", ".flow", ".flows", ".pcap", ".pcapng", ".cap"})
_WRAPPING_SUFFIXES = frozenset({".gz", ".zst", ".xz"})
_STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """One input of an audit, in the order that findings count inputs in.

    Attributes:
        number: Its place, from 0.
        name: What people call it: a path, `archive.zip!member.har`, `-`.
        reader: The reader of its format; None if it cannot be read.
        source: Its bytes; None if there are none.
        stored: Size and hash as stored where they are known already (of the archive, for its members).
        problem: Why it cannot be read, or None.
        after: The input that this may continue, as the next file of one recording; None if it begins one.
        begins: Of a file of a recording in several, when its first packet was recorded: nanoseconds since the epoch.
    """

    number: int
    name: str
    reader: Reader | None = None
    source: Source | None = None
    stored: Tally | None = None
    problem: Problem | None = None
    after: int | None = None
    begins: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Something at a path: readable with a reader, or not with a reason."""

    source: Source
    reader: Reader | None = None
    stored: Tally | None = None
    reason: str = ""


def iter_inputs(paths: Sequence[str | Path], stdin: ByteStream | None = None) -> list[InputFile]:
    """Find the inputs that paths name: files, folders (searched in sorted order), `-` for standard input.

    What may be files of one recording stands together in the order of time, where the first of them was found.

    Args:
        paths: What the user named.
        stdin: What to read for `-`; the process's own standard input by default.

    Raises:
        InputError: None of them can be read; says why of the first.
    """
    found = [one for path in paths for one in _find(path, stdin)]
    if not any(one.reader is not None for one in found):
        raise InputError(_explain_nothing(paths, found))
    captures = [one.source if isinstance(one.reader, CaptureReader) else None for one in found]
    files: list[InputFile] = []
    for recording in arrange(captures):
        before = None
        for place, begins in recording:
            files.append(_number(len(files), found[place], after=before, begins=begins))
            before = files[-1].number
    return files


def _number(number: int, found: _Found, *, after: int | None, begins: int) -> InputFile:
    name = found.source.name
    if found.reader is not None:
        return InputFile(
            number=number,
            name=name,
            reader=found.reader,
            source=found.source,
            stored=found.stored,
            after=after,
            begins=begins,
        )
    return InputFile(number=number, name=name, problem=Problem(where=name, reason=found.reason, input=number))


def _explain_nothing(paths: Sequence[str | Path], found: Sequence[_Found]) -> str:
    if not paths:
        return "no input was named; name a capture, a folder of captures, or - for standard input"
    if not found:
        expected = "packets (pcap, pcapng), HAR or mitmproxy flow files"
        return f"{_show(paths[0])}: holds no capture; expected {expected} in this folder"
    first = f"{found[0].source.name}: {found[0].reason}"
    return first if len(found) == 1 else f"none of {len(found)} inputs can be read; the first is {first}"


def _find(path: str | Path, stdin: ByteStream | None) -> Iterator[_Found]:
    if str(path) == _STANDARD_INPUT:
        stream = stdin if stdin is not None else sys.stdin.buffer
        yield from _examine_safely(pipe_source(stream, _STANDARD_INPUT))
        return
    path = Path(path)
    source = file_source(path, _show(path))
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        yield _Found(
            source=source,
            reason="there is no such file or folder, or it may not be looked at; check its name and permissions",
        )
        return
    if stat.S_ISDIR(mode):
        yield from _find_in_folder(path)
    elif stat.S_ISREG(mode):
        yield from _examine_safely(source)
    else:
        yield from _find_in_pipe(path, source)


def _find_in_pipe(path: Path, source: Source) -> Iterator[_Found]:
    """Read a named pipe, as a shell makes one for `<(command)`."""
    try:
        stream = path.open("rb")
    except OSError as error:
        yield _Found(source=source, reason=f"cannot be opened ({error.strerror})")
        return
    # Closed with the list of inputs: the pipe is read when its turn comes, and cannot be opened again.
    pipe = pipe_source(stream, source.name)
    weakref.finalize(pipe, stream.close)
    yield from _examine_safely(pipe)


def _find_in_folder(folder: Path) -> Iterator[_Found]:
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for file in sorted(files):
            path = Path(parent, file)
            if not path.is_file():
                continue
            for found in _examine_safely(file_source(path, _show(path))):
                if found.reader is not None or _is_named_like_capture(found.source.name):
                    yield found


def _is_named_like_capture(name: str) -> bool:
    suffixes = Path(name).suffixes
    if suffixes and suffixes[-1].lower() in _WRAPPING_SUFFIXES:
        suffixes.pop()
    return bool(suffixes) and suffixes[-1].lower() in _CAPTURE_SUFFIXES


def _examine_safely(source: Source) -> Iterator[_Found]:
    try:
        yield from _examine(source, 0, None)
    except OSError as error:
        yield _Found(source=source, reason=f"cannot be read ({error.strerror or 'input error'})")
    except InputError as error:
        yield _Found(source=source, reason=str(error))


def _examine(source: Source, wrappings: int, stored: Tally | None) -> Iterator[_Found]:
    """Tell what a source holds, looking through what is wrapped around it."""
    head = source.head()
    wrapping = name_wrapping(head)
    if not head:
        damaged = "its wrapping is damaged, or holds nothing" if wrappings else "is empty"
        yield _Found(source=source, stored=stored, reason=f"{damaged}; record again, or name another file")
    elif wrappings == MAX_WRAPPINGS and (wrapping or is_zip(head)):
        yield _Found(source=source, stored=stored, reason=f"is wrapped more than {MAX_WRAPPINGS} times")
    elif wrapping is not None:
        yield from _examine(unwrapped_source(source, wrapping), wrappings + 1, stored)
    elif is_zip(head):
        yield from _examine_members(source, wrappings, stored)
    else:
        reader = next((reader for reader in READERS if reader.recognises(head[:HEAD_BYTES])), None)
        reason = "" if reader is not None else explain_head(head)
        yield _Found(source=source, reader=reader, stored=stored, reason=reason)


def _examine_members(source: Source, wrappings: int, stored: Tally | None) -> Iterator[_Found]:
    tally = stored if stored is not None else Tally()
    archive = open_archive(source, Tally() if stored is not None else tally)
    readable = False
    for place, member in archive.members:
        for found in _examine(member_source(archive, source, place, member), wrappings + 1, tally):
            if found.reader is not None or _is_named_like_capture(member):
                readable = readable or found.reader is not None
                yield found
    if not readable:
        yield _Found(source=source, stored=tally, reason="is a zip archive without a capture in it")


def _show(path: str | Path) -> str:
    """Write a path as text, whatever bytes its name is made of."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
