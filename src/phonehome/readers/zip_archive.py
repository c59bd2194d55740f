"""zip around captures: each member is an input of its own, `archive.zip!traffic.har`."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

from phonehome.model.errors import InputError
from phonehome.readers.unwrap import BoundedStream

MAX_MEMBERS = 100_000
"""How many members of one archive are looked at."""

_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
_ENCRYPTED = 0x1
_CHUNK_BYTES = 256 * 1024
_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


def is_zip(head: bytes) -> bool:
    """Tell a zip archive by its first bytes."""
    return head.startswith(_SIGNATURES)


def list_members(file: IO[bytes]) -> list[tuple[int, str]]:
    """Give place and name of the files in an archive, in its own order; two may bear the same name.

    Raises:
        InputError: It is damaged, encrypted, or holds too many members.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = [(place, info) for place, info in enumerate(archive.infolist()) if not info.is_dir()]
    except _ERRORS:
        raise InputError("looks like a zip archive, but is damaged or incomplete") from None
    if len(members) > MAX_MEMBERS:
        raise InputError(
            f"is a zip archive of {len(members):,} members; at most {MAX_MEMBERS:,} are looked at"
        )
    if any(info.flag_bits & _ENCRYPTED for _, info in members):
        raise InputError("is an encrypted zip archive: unpack it first")
    return [(place, info.filename) for place, info in members]


@contextmanager
def open_member(file: IO[bytes], place: int) -> Iterator[BoundedStream]:
    """Open one member to be read as a bounded stream."""
    with ExitStack() as opened:
        try:
            archive = opened.enter_context(zipfile.ZipFile(file))
            info = archive.infolist()[place]
            stream = opened.enter_context(archive.open(info))
        except (*_ERRORS, IndexError):
            raise InputError("its zip archive is damaged, or packed in a way that is not known") from None
        yield BoundedStream(_iter_chunks(stream), lambda: info.compress_size, "its zip archive")


def _iter_chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while True:
        try:
            chunk = stream.read(_CHUNK_BYTES)
        except EOFError:
            raise
        except _ERRORS as error:
            raise zipfile.BadZipFile(str(error)) from error
        if not chunk:
            return
        yield chunk
