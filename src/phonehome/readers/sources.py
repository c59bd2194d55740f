"""Where an input's bytes come from: a file, a pipe, something wrapped in either, a member of an archive.

A `Source` can be looked at (`head`) and opened. What it opens counts and hashes the bytes as stored, for
the audit document names its inputs by the SHA-256 of what lies on the disk, wrapping included.
"""

import hashlib
import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from phonehome.model.errors import InputError
from phonehome.readers.base import ByteStream
from phonehome.readers.unwrap import unwrap
from phonehome.readers.zip_archive import ZipArchive

HEAD_BYTES = 512 * 1024
"""How much is looked at to tell a format: several blocks of every compression."""

MAX_SPOOLED_BYTES = 8 * 1024**3
"""How much of an archive that cannot be read in place is copied aside."""

_IN_MEMORY_BYTES = 16 * 1024**2
_CHUNK_BYTES = 1 << 20


class Tally:
    """Counts and hashes the bytes of an input as stored.

    Args:
        hashed: Whether anybody will ask for the digest.
    """

    def __init__(self, *, hashed: bool = True) -> None:
        self.size = 0
        self._hash = hashlib.sha256() if hashed else None

    def add(self, data: bytes | memoryview) -> None:
        """Count what was read."""
        self.size += len(data)
        if self._hash is not None:
            self._hash.update(data)

    @property
    def sha256(self) -> str | None:
        """The digest, in hex; None where it was not taken."""
        return self._hash.hexdigest() if self._hash is not None else None


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Source:
    """Bytes of one input.

    Attributes:
        name: What people call it: a path, `archive.zip!member`, `-`.
        head: Gives its first bytes without using it up.
        open: Opens it, once; the tally counts the bytes as stored (nothing for a member of an archive,
            whose tally is complete).
        path: Where it lies on the disk as it is; None for a pipe, and for what is wrapped.
        file: The file that holds it alone, wrapped or not; None for a pipe, and for members of archives.
    """

    name: str
    head: Callable[[], bytes]
    open: Callable[[Tally], AbstractContextManager[ByteStream]]
    path: Path | None = None
    file: Path | None = None


def file_source(path: Path, name: str) -> Source:
    """Make the source of a file."""
    opener = partial(open_file, path)
    return Source(name=name, head=partial(_head_of_file, path), open=opener, path=path, file=path)


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
        file=source.file,
    )


def member_source(archive: ZipArchive, source: Source, place: int, member: str) -> Source:
    """Make the source of one member of an archive."""
    opener = partial(_open_member, archive, place)
    return Source(name=f"{source.name}!{member}", head=partial(_head_of, opener), open=opener)


def open_archive(source: Source, tally: Tally) -> ZipArchive:
    """Open a zip archive, and count all of it as stored.

    An archive is read in any order, so one that comes through a pipe, or is wrapped itself, is copied:
    small ones into memory, others to an unnamed temporary file.

    Raises:
        InputError: It is no archive that can be read, or has to be copied and is longer than
            `MAX_SPOOLED_BYTES`.
    """
    if source.path is not None:
        with source.open(tally):
            return ZipArchive(source.path.open("rb"))
    copy: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115  closed by the archive
    try:
        with source.open(tally) as stream:
            _copy(stream, copy)
    except BaseException:
        copy.close()
        raise
    return ZipArchive(copy)


def _copy(stream: ByteStream, copy: IO[bytes]) -> None:
    copied = 0
    while chunk := stream.read(_CHUNK_BYTES):
        copied += len(chunk)
        if copied > MAX_SPOOLED_BYTES:
            raise InputError(
                f"holds an archive longer than the {MAX_SPOOLED_BYTES:,} bytes that are unpacked"
            )
        copy.write(chunk)


class _Counted:
    """Hands bytes through and counts them."""

    def __init__(self, stream: ByteStream, tally: Tally) -> None:
        self._stream = stream
        self._tally = tally
        self._again = 0  # bytes that are read once more

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        if self._again:
            again, self._again = self._again, max(0, self._again - len(data))
            self._tally.add(memoryview(data)[again:])
        else:
            self._tally.add(data)
        return data

    def step_back(self, size: int) -> bool:
        """Go back by some of the bytes that were read, which do not count again; False where that cannot be."""
        if not isinstance(self._stream, io.BufferedReader) or not self._stream.seekable():
            return False
        self._stream.seek(-size, io.SEEK_CUR)
        self._again += size
        return True

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
def open_file(path: Path, tally: Tally) -> Iterator[ByteStream]:
    """Open a file, and count all of it."""
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
def _open_member(archive: ZipArchive, place: int, _tally: Tally) -> Iterator[ByteStream]:
    with archive.open(place) as stream:
        yield stream
