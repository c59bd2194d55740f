"""Writing into a case: each file and each folder comes whole or not at all, also when the process is killed.

What is being written stands under a name that begins with `PARTIAL_PREFIX`, is brought to the disk, and takes its
place by one rename. Readers pass over such names; the next writer, who holds the lock of the case, removes them.
"""

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from phonehome.case.places import list_folder
from phonehome.model.errors import ConfigError

PARTIAL_PREFIX = ".partial-"
"""Begins the name of a file or folder that is not finished."""

SHARED = 0o666
"""The mode of a file for everybody whom the umask allows."""
OWNER_ONLY = 0o600
READ_ONLY = 0o444
_SEARCHED = (".", "subjects", "sessions", "results", "signatures")
"""Folders of a case in which unfinished files and folders can be left."""


def write_durably(
    path: Path, data: bytes, *, mode: int = SHARED, check: Callable[[Path], object] | None = None
) -> None:
    """Write a file so that after this it holds `data`, and until then what it held before.

    Args:
        path: The file; its folder exists. A symbolic link of this name is replaced, not followed.
        data: All of it.
        mode: Its permissions, less the umask.
        check: Reads what was written, from where it stands until it takes its place, and raises if it is wrong.

    Raises:
        ConfigError: It cannot be written, because the disk is full for one; the old file stands as it was.
    """
    draft = path.with_name(partial_name(path.name))
    with explaining(path):
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if check is not None:
                check(draft)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    _confirm(path)


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Give a hidden folder to fill, which becomes `target` at the end of the block; on an error it goes away.

    The files in it are to be brought to the disk by who writes them. `target` must not exist.

    Raises:
        ConfigError: It cannot be made, or there is a `target` already.
    """
    partial = target.with_name(partial_name(target.name))
    with explaining(target):
        partial.mkdir()
    try:
        yield partial
        with explaining(target):
            sync_folder(partial)
            if os.path.lexists(target):
                raise ConfigError(f"{target} is there already; give another name")
            partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    _confirm(target)


def partial_name(name: str) -> str:
    """Make up the name that a file or folder has until it is finished."""
    return f"{PARTIAL_PREFIX}{secrets.token_hex(6)}-{name.encode()[:150].decode(errors='ignore')}"


def find_partials(root: Path) -> list[Path]:
    """Name what a writer left that was interrupted, in order; only the holder of the lock knows it is no draft."""
    return sorted(
        path
        for folder in _SEARCHED
        if os.path.isdir(root / folder) and not (root / folder).is_symlink()  # noqa: PTH112  a closed one is none
        for path in list_folder(root / folder)
        if path.name.startswith(PARTIAL_PREFIX)
    )


def remove_partials(root: Path) -> list[str]:
    """Remove them and give their names within the case; the caller holds the lock.

    Raises:
        ConfigError: One cannot be removed.
    """
    names = []
    for path in find_partials(root):
        with explaining(path):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        name = path.relative_to(root).as_posix()
        names.append(name if name.isprintable() else repr(name))
    return names


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, so that a rename outlives a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that cannot: some of networks
            raise
    finally:
        os.close(descriptor)


def _confirm(path: Path) -> None:
    """Bring the new name of a file or folder to the disk; it is there already for everybody who looks."""
    try:
        sync_folder(path.parent)
    except OSError as error:
        raise ConfigError(
            f"{path}: was written, but the disk does not confirm it: {error.strerror}; look after the disk"
        ) from error


@contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Turn what the system refuses into a sentence that names the file and what to do."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be written: {_reason(error)}; nothing was changed") from error


def _reason(error: OSError | ValueError) -> str:
    if not isinstance(error, OSError):
        return "its name is not valid"
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return "the disk is full; free some space and run the command again"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"{error.strerror}; check the permissions of its folder"
        case _:
            return error.strerror or "the system gives no reason"
