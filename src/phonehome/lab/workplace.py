"""The folder in which a run keeps keys and databases: private, gone at the end, and swept by the next run if not.

A run that is killed leaves its folder behind. Each holds a lock of the system's (`flock`), which ends with the process:
a folder whose lock is free belongs to nobody any more.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "phonehome-lab-"
LOCK = "held"
_DRAFT = "being-held"


@contextmanager
def open_workplace() -> Iterator[Path]:
    """Give a folder for one run; those of runs that were killed are removed first."""
    sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        descriptor = _lock(folder)
        try:
            yield folder
        finally:
            os.close(descriptor)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lock(folder: Path) -> int:
    """Lock a folder: the lock is held before anybody can see the file."""
    descriptor = os.open(folder / _DRAFT, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with suppress(OSError):  # a file system without locks: nobody sweeps it then
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (folder / _DRAFT).rename(folder / LOCK)
    return descriptor


def sweep(parent: Path) -> list[Path]:
    """Remove folders that runs of this user left when they were killed; gives what was removed."""
    return [folder for folder in sorted(parent.glob(f"{PREFIX}*")) if _is_left(folder) and _remove(folder)]


def _is_left(folder: Path) -> bool:
    try:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            return False
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _remove(folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()
