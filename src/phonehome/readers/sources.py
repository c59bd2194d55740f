"""Where an input's bytes come from: a file, a pipe, something wrapped in either, a member of an archive.

A `Source` can be looked at (`head`) and opened. What it opens counts and hashes the bytes as stored, for
the audit document names its inputs by the SHA-256 of what lies on the disk, wrapping included.
"""

import hashlib
import io
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from phonehome.model.errors import InputError
from phonehome.readers.base import ByteStream
from phonehome.readers.unwrap import unwrap
from phonehome.readers.zip_archive import open_member

HEAD_BYTES = 512 * 1024
"""How much is looked at to tell a format: several blocks of every compression."""

MAX_SPOOLED_BYTES = 8 * 1024**3
"""How much of an archive that cannot be read in place is copied aside."""

_IN_MEMORY_BYTES = 16 * 1024**2
_CHUNK_BYTES = 1 << 20


class Tally:
    """Counts and hashes the bytes of an input as stored."""

    def __init__(self) -> None:
        self.size = 0
        self._hash = hashlib.sha256()

    def add(self, data: bytes) -> None:
        """Count what was read."""
        self.size += len(data)
        self._hash.update(data)

    @property
    def sha256(self) -> str:
        """The digest, in hex."""
        return self._hash.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Source:
    """Bytes of one input.

    Attributes:
        name: What people call it: a path, `archive.zip!member`, `-`.
        head: Gives its first bytes without using it up.
        open: Opens it, once; the tally counts the bytes as stored (nothing for a member of an archive,
            whose tally is complete).
        path: Where it lies on the disk as it is; None for a pipe, and for what is wrapped.
    """

    name: str
    head: Callable[[], bytes]
    open: Callable[[Tally], AbstractContextManager[ByteStream]]
    path: Path | None = None


def file_source(path: Path, name: str) -> Source:
    """Make the source of a file."""
    return Source(name=name, head=partial(_head_of_file, path), open=partial(_open_file, path), path=path)


def pipe_source(stream: ByteStream, name: str) -> Source:
    """Make the source of something that can be read only once."""
    pipe = _Pipe(stream)
    return Source(name=name, head=pipe.head, open=pipe.open)


def unwrapped_source(source: Source, wrapping: str) -> Source:
    """Make the source of what a compression holds."""
    return Source(
        name=source.name,
        head=partial(_head_unwrapped, source, wrapping),
        open=partial(_open_unwrapped, source, wrapping),
    )


def member_source(archive: "SeekableCopy | Path", source: Source, place: int, member: str) -> Source:
    """Make the source of one member of an archive."""
    opener = partial(_open_member, archive, place)
    return Source(name=f"{source.name}!{member}", head=partial(_head_of, opener), open=opener)


class SeekableCopy:
    """A copy of a source that can be read in any order, as a zip archive must be.

    Small ones stay in memory, others go to an unnamed temporary file.

    Raises:
        InputError: It is longer than `MAX_SPOOLED_BYTES`.
    """

    def __init__(self, source: Source, tally: Tally) -> None:
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115  closed below
        weakref.finalize(self, self.file.close)
        copied = 0
        with source.open(tally) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                copied += len(chunk)
                if copied > MAX_SPOOLED_BYTES:
                    raise InputError(
                        f"holds an archive longer than the {MAX_SPOOLED_BYTES:,} bytes that are unpacked"
                    )
                self.file.write(chunk)


def make_seekable(source: Source, tally: Tally) -> SeekableCopy | Path:
    """Give a source so that it can be read in any order, and count all of it as stored."""
    if source.path is None:
        return SeekableCopy(source, tally)
    with source.open(tally):
        return source.path


@contextmanager
def open_archive(archive: SeekableCopy | Path) -> Iterator[IO[bytes]]:
    """Give an archive's bytes, to be read in any order."""
    if isinstance(archive, SeekableCopy):
        archive.file.seek(0)
        yield archive.file
    else:
        with archive.open("rb") as file:
            yield file


class _Counted:
    """Hands bytes through and counts them."""

    def __init__(self, stream: ByteStream, tally: Tally) -> None:
        self._stream = stream
        self._tally = tally

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self._tally.add(data)
        return data

    def drain(self) -> None:
        """Count what nobody read."""
        while self.read(_CHUNK_BYTES):
            pass


class _Pipe:
    """A stream whose head can be looked at before it is read."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._seen = b""

    def head(self) -> bytes:
        while len(self._seen) < HEAD_BYTES and (more := self._stream.read(HEAD_BYTES - len(self._seen))):
            self._seen += more
        return self._seen

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:
            size = len(self._seen) or _CHUNK_BYTES
        seen, self._seen = self._seen[:size], self._seen[size:]
        return seen + self._stream.read(size - len(seen)) if len(seen) < size else seen

    @contextmanager
    def open(self, tally: Tally) -> Iterator[ByteStream]:
        counted = _Counted(self, tally)
        yield counted
        counted.drain()


def _head_of_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


@contextmanager
def _open_file(path: Path, tally: Tally) -> Iterator[ByteStream]:
    with path.open("rb") as file:
        counted = _Counted(file, tally)
        yield counted
        counted.drain()


def _head_unwrapped(source: Source, wrapping: str) -> bytes:
    stream = unwrap(io.BytesIO(source.head()), wrapping)
    try:
        return stream.read(HEAD_BYTES)
    except InputError:
        return b""


@contextmanager
def _open_unwrapped(source: Source, wrapping: str, tally: Tally) -> Iterator[ByteStream]:
    with source.open(tally) as stream:
        yield unwrap(stream, wrapping)


def _head_of(opener: Callable[[Tally], AbstractContextManager[ByteStream]]) -> bytes:
    try:
        with opener(Tally()) as stream:
            return stream.read(HEAD_BYTES)
    except InputError:
        return b""


@contextmanager
def _open_member(archive: SeekableCopy | Path, place: int, _tally: Tally) -> Iterator[ByteStream]:
    with open_archive(archive) as file, open_member(file, place) as stream:
        yield stream
