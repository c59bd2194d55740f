"""Copying evidence into a case: hashed on the way, brought to the disk, and read-only at its place."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from phonehome.case.writing import explaining
from phonehome.model.errors import ConfigError

CHUNK = 1 << 20
_GIVEN = stat.S_IRUSR
_TAKEN = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What was copied: its SHA-256 in hexadecimal, and its size in bytes."""

    sha256: str
    size: int


def copy_evidence(source: Path, target: Path) -> Copied:
    """Copy a file to where there is none yet, read-only for everybody.

    Raises:
        ConfigError: The source is no file, cannot be read or changes meanwhile, or the target cannot be written.
    """
    try:
        if not source.is_file():
            raise ConfigError(f"{source}: {_what_it_is(source)}; name the file of a recording that has ended")
        descriptor = os.open(source, os.O_RDONLY)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "its name is not valid"
        raise ConfigError(f"{source}: cannot be read: {reason}") from error
    try:
        before = os.fstat(descriptor)
        copied = _copy(descriptor, source, target, before)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if (before.st_size, before.st_mtime_ns) != (
        after.st_size,
        after.st_mtime_ns,
    ) or copied.size != after.st_size:
        raise ConfigError(f"{source}: was written to while it was copied; stop the recording, then run again")
    return copied


def _copy(descriptor: int, source: Path, target: Path, before: os.stat_result) -> Copied:
    digest, size = hashlib.sha256(), 0
    with explaining(target):
        out = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
        try:
            # A recording that still grows might be faster than the copy, so what it had at first is the bound.
            while size <= before.st_size and (chunk := _read(descriptor, source)):
                digest.update(chunk)
                size += len(chunk)
                _write_all(out, chunk)
            # No more people may read it than before: a recording holds personal data.
            os.fchmod(out, (stat.S_IMODE(before.st_mode) & ~_TAKEN) | _GIVEN)
            os.fsync(out)
        finally:
            os.close(out)
    return Copied(sha256=digest.hexdigest(), size=size)


def _read(descriptor: int, source: Path) -> bytes:
    try:
        return os.read(descriptor, CHUNK)
    except OSError as error:
        raise ConfigError(f"{source}: cannot be read: {error.strerror}") from error


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _what_it_is(source: Path) -> str:
    if source.is_dir():
        return "is a folder, and a session is made of files"
    return "is no file" if source.exists() else "there is no such file"
