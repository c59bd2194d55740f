"""Which files a case has, and what they hold: the walk that manifest, check and sealing share.

A case may come from anybody: links, sockets and devices in it are refused, and nothing outside of it is opened.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from phonehome.case.lock import LOCK_FILE
from phonehome.case.places import CASE_FILE, RESULTS
from phonehome.case.writing import PARTIAL_PREFIX
from phonehome.model.errors import ConfigError

SHARED_FILE = "shared.json"
MANIFEST = "manifest.json"
SIGNATURES = "signatures"

MAX_FILES = 100_000
MAX_DEPTH = 16
BLOCK = 1 << 20


class Part(Enum):
    """What a file is to the manifest."""

    EVIDENCE = "evidence"
    DERIVED = "derived"
    ABOUT = "about"
    """The manifest and the signatures over it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One file of a case; `name` is its path from the folder on, with `/`."""

    path: Path
    name: str
    part: Part


def folder_of(path: Path) -> Path:
    """Check that a folder is a case or a shared copy, and give it resolved.

    Raises:
        ConfigError: It is neither.
    """
    try:
        root = path.resolve(strict=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigError(f"{path}: there is no such folder; name the folder of a case") from error
    if not root.is_dir():
        raise ConfigError(f"{path} is a file; name the folder of a case (it holds {CASE_FILE})")
    if not any((root / name).is_file() for name in (CASE_FILE, SHARED_FILE)):
        raise ConfigError(
            f"{path} is no case: it holds neither {CASE_FILE} nor (as a shared copy) {SHARED_FILE}; "
            "`phonehome case new` starts one"
        )
    return root


def enclosing_case(path: Path) -> Path | None:
    """Give the case or shared copy in which a file lies, or would lie; None if it is outside of all."""
    for folder in (resolved := path.resolve(), *resolved.parents):
        if any((folder / name).is_file() for name in (CASE_FILE, SHARED_FILE)):
            return folder
    return None


def iter_files(root: Path) -> Iterator[Found]:
    """Give every file of a case by the order of its path; unfinished writes and the lock are passed over.

    Raises:
        ConfigError: Something is neither a file nor a folder, or there is too much of it.
    """
    files = [(path, name) for path, name, is_folder in _walk(root) if not is_folder]
    for path, name in sorted(files, key=lambda file: _order(file[1])):
        yield Found(path=path, name=name, part=_part(name))


def iter_folders(root: Path) -> Iterator[str]:
    """Name every folder of a case by the order of its path; it raises what `iter_files` raises."""
    yield from sorted((name for _, name, is_folder in _walk(root) if is_folder), key=_order)


def _order(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _walk(root: Path) -> Iterator[tuple[Path, str, bool]]:
    folders = [(root, 0)]
    number = 0
    while folders:
        folder, depth = folders.pop()
        if depth > MAX_DEPTH:
            raise ConfigError(f"{folder}: deeper than {MAX_DEPTH} folders in a case; is this one?")
        for entry in _entries(folder):
            path = Path(entry.path)
            name = path.relative_to(root).as_posix()
            if entry.name.startswith(PARTIAL_PREFIX) or name == LOCK_FILE:
                continue
            number += 1
            if number > MAX_FILES:
                raise ConfigError(f"{root}: more than {MAX_FILES:,} files; is this a case?")
            if entry.is_dir(follow_symlinks=False):
                folders.append((path, depth + 1))
            elif not entry.is_file(follow_symlinks=False):
                kind = "a link" if entry.is_symlink() else "neither a file nor a folder"
                raise ConfigError(f"{path}: is {kind}, and a case holds files only; replace it by a copy")
            yield path, name, entry.is_dir(follow_symlinks=False)


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be read: {error.strerror}") from error


def _part(name: str) -> Part:
    if name == MANIFEST or name.startswith(f"{SIGNATURES}/"):
        return Part.ABOUT
    return Part.DERIVED if name.startswith(f"{RESULTS}/") else Part.EVIDENCE


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds."""

    sha256: str
    size: int


def hash_file(path: Path) -> Content:
    """Hash one file in blocks; a link is not followed.

    Raises:
        ConfigError: It cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    for block in iter_blocks(path):
        digest.update(block)
        size += len(block)
    return Content(digest.hexdigest(), size)


def iter_blocks(path: Path) -> Iterator[bytes]:
    """Give what a file holds, block by block; a link is not followed, nor a pipe waited for.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigError(f"{path}: is no file")
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def read_small(path: Path, limit: int, what: str) -> bytes:
    """Give a file whole.

    Raises:
        ConfigError: It cannot be read, or is larger than `limit`, so that it is no `what`.
    """
    data = b""
    for block in iter_blocks(path):
        data += block
        if len(data) > limit:
            raise ConfigError(f"{path}: larger than {limit >> 10:,} KiB, so it is no {what}")
    return data
