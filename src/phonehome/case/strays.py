"""What lies in a case that no manifest lists: nobody signed it, and nobody shall think that it was."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from phonehome.case.inventory import MANIFEST, SIGNATURES, iter_files, iter_folders
from phonehome.case.lock import LOCK_FILE
from phonehome.case.places import CASE_FILE, PROTOCOLS, RESULTS, SESSION_FILE, SESSIONS, SUBJECTS
from phonehome.case.signing import ENVELOPE_SUFFIX, KEY_SUFFIX, STAMP_SUFFIX
from phonehome.case.writing import PARTIAL_PREFIX

_MAY_BE_EMPTY = frozenset({SUBJECTS, SESSIONS, RESULTS, SIGNATURES, PROTOCOLS})


def find_strays(root: Path) -> list[str]:
    """Name what is in the folder beside evidence, results, manifest and signatures, each with what it is.

    Raises:
        ConfigError: The folder cannot be looked through.
    """
    names = [found.name for found in iter_files(root)]
    folders = list(iter_folders(root))
    return [
        *_in_signatures(names),
        *_empty(names, folders),
        *_unfinished(root, folders),
        *_lock(root),
    ]


def sessions_without_file(root: Path) -> list[str]:
    """Name each session that cannot be audited because it has no `session.yaml`, as a sentence."""
    if not (root / CASE_FILE).is_file():
        return []
    return [
        f"{name}: is a session without its {SESSION_FILE}, so the case cannot be audited"
        for name in iter_folders(root)
        if name.count("/") == 1
        and name.startswith(f"{SESSIONS}/")
        and not (root / name / SESSION_FILE).is_file()
    ]


def _in_signatures(names: list[str]) -> Iterator[str]:
    stems = {name.removesuffix(ENVELOPE_SUFFIX) for name in names if name.endswith(ENVELOPE_SUFFIX)}
    for name in names:
        if name == MANIFEST or not name.startswith(f"{SIGNATURES}/"):
            continue
        belongs = any(
            name.endswith(suffix) and name.removesuffix(suffix) in stems
            for suffix in (ENVELOPE_SUFFIX, KEY_SUFFIX, STAMP_SUFFIX)
        )
        if not belongs or name.count("/") > 1:
            yield f"{name} (belongs to no signature)"


def _empty(names: list[str], folders: list[str]) -> Iterator[str]:
    full = {folder for name in names for folder in map(str, Path(name).parents)}
    return (f"{name} (an empty folder)" for name in folders if name not in full | _MAY_BE_EMPTY)


def _unfinished(root: Path, folders: list[str]) -> Iterator[str]:
    for folder in ("", *folders):
        for name in sorted(os.listdir(root / folder)):  # noqa: PTH208  names are all that is looked at
            if name.startswith(PARTIAL_PREFIX):
                yield f"{folder}/{name} (not finished, or left by a command that was interrupted)".lstrip("/")


def _lock(root: Path) -> Iterator[str]:
    try:
        about = (root / LOCK_FILE).lstat()
    except OSError:
        return
    if not stat.S_ISREG(about.st_mode):
        yield f"{LOCK_FILE} (is no file)"
    elif about.st_size:
        yield f"{LOCK_FILE} (holds {about.st_size:,} bytes: a command is running, or was interrupted)"
