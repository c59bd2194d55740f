"""zip around captures: each member is an input of its own, `archive.zip!traffic.har`."""

import weakref
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from phonehome.model.errors import InputError
from phonehome.readers.unwrap import BoundedStream

MAX_MEMBERS = 10_000
"""How many members of one archive are looked at."""

_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
_ENCRYPTED = 0x1
_CHUNK_BYTES = 256 * 1024
_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


def is_zip(head: bytes) -> bool:
    """Tell a zip archive by its first bytes."""
    return head.startswith(_SIGNATURES)


class ZipArchive:
    """An archive that stays open as long as a source of one of its members is there.

    Attributes:
        members: Place and name of the files in it, in its own order; two may bear the same name.

    Raises:
        InputError: It is damaged, encrypted, or holds too many members.
    """

    def __init__(self, file: IO[bytes]) -> None:
        weakref.finalize(self, file.close)
        try:
            self._zip = zipfile.ZipFile(file)
        except _ERRORS:
            raise InputError("looks like a zip archive, but is damaged or incomplete") from None
        infos = [(place, info) for place, info in enumerate(self._zip.infolist()) if not info.is_dir()]
        if len(infos) > MAX_MEMBERS:
            raise InputError(
                f"is a zip archive of {len(infos):,} members; at most {MAX_MEMBERS:,} are looked at"
            )
        if any(info.flag_bits & _ENCRYPTED for _, info in infos):
            raise InputError("is an encrypted zip archive: unpack it first")
        self.members = [(place, info.filename) for place, info in infos]

    @contextmanager
    def open(self, place: int) -> Iterator[BoundedStream]:
        """Open one member to be read as a bounded stream."""
        info = self._zip.infolist()[place]
        try:
            stream = self._zip.open(info)
        except _ERRORS:
            raise InputError("its zip archive is damaged, or packed in a way that is not known") from None
        with stream:
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
