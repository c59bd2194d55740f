"""One writer for a case at a time; readers need no lock, because whatever stands in a case is whole.

The lock is the system's (`flock`), so it ends with the process that holds it, however that ends. The file is never
deleted: who waits for a deleted file's lock holds nothing.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from phonehome.case.writing import SHARED, explaining
from phonehome.model.errors import ConfigError

LOCK_FILE = ".lock"
MAX_NOTE = 500
"""Bytes of the note on the holder that are read; the file may be anybody's."""


@contextmanager
def locked(root: Path, doing: str) -> Iterator[None]:
    """Be the only writer of a case for the length of the block.

    Args:
        root: The folder of the case.
        doing: What for, as another writer shall be told: `phonehome case annotate`.

    Raises:
        ConfigError: Another process writes to it; the sentence says which. Or the folder cannot be written.
    """
    path = root / LOCK_FILE
    with explaining(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, SHARED)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                f"{root}: another process writes to this case ({_read_note(descriptor)}); "
                "wait until it has ended, then run the command again"
            ) from error
        except OSError as error:
            raise ConfigError(
                f"{root}: its file system knows no locks ({error.strerror}); copy the case to a disk"
            ) from error
        _write_note(
            descriptor,
            f"{doing}, process {os.getpid()} on {socket.gethostname()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}",
        )
        yield
        _write_note(descriptor, "")
    finally:
        os.close(descriptor)


def _read_note(descriptor: int) -> str:
    note = os.pread(descriptor, MAX_NOTE, 0).decode("utf-8", "replace")
    return " ".join(note.split()) or "it does not say who it is"


def _write_note(descriptor: int, note: str) -> None:
    """Say who holds the lock, for others to read; the lock holds without it, on a full disk too."""
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, note.encode()[:MAX_NOTE], 0)
    except OSError:
        return
