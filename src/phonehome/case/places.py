"""Where things stand in a case, and what may stand there: plain files and folders, never a link out of it."""

import stat
from collections.abc import Callable
from pathlib import Path

from phonehome.model.errors import ConfigError

CASE_FILE = "case.yaml"
SESSION_FILE = "session.yaml"
ANNOTATIONS_FILE = "annotations.yaml"
CLAIMS_FILE = "claims.yaml"
POLICY_FILE = "policy.yaml"
SUBJECTS = "subjects"
SESSIONS = "sessions"
PROTOCOLS = "protocols"
RESULTS = "results"
MAX_NAME = 200
"""Bytes of the name of a capture or key log."""


def require_file(path: Path, new: str) -> None:
    """Check that there is a plain file.

    Raises:
        ConfigError: There is none, or something else of that name.
    """
    if not _is(path, stat.S_ISREG, f"there is no such file; `{new}` writes one"):
        raise ConfigError(
            f"{path}: must be a plain file, and is none (a link, a folder or a device); put the file itself there"
        )


def require_folder(path: Path, missing: str) -> None:
    """Check that there is a folder, and no link to one; `missing` is what to say where nothing is.

    Raises:
        ConfigError: There is none.
    """
    if not _is(path, stat.S_ISDIR, missing):
        raise ConfigError(f"{path}: must be a folder of the case itself, and is a link or a file")


def _is(path: Path, is_kind: Callable[[int], bool], missing: str) -> bool:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: {missing}") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "its name is not valid"
        raise ConfigError(f"{path}: cannot be looked at: {reason}") from error
    return is_kind(mode)


def list_folder(folder: Path) -> list[Path]:
    """Give what a folder holds, in order.

    Raises:
        ConfigError: It cannot be looked into.
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise ConfigError(
            f"{folder}: cannot be looked into: {error.strerror}; check its permissions"
        ) from error


def bad_name(name: str) -> str | None:
    """Say what is wrong with the name of a capture or key log, as the end of a sentence; None if nothing is.

    It stands in its session's folder and nowhere else: a path could lead out of the case.
    """
    if "/" in name or "\\" in name or name in {".", ".."}:
        return "must be the name of a file in the session's own folder, without a path"
    if name.startswith("."):
        return "must not begin with a dot: hidden files are not evidence"
    if not name.isprintable():
        return "has a character that cannot be seen"
    if len(name.encode("utf-8", "surrogatepass")) > MAX_NAME:
        return f"is longer than {MAX_NAME} bytes"
    if name == SESSION_FILE:
        return "is the name of the session's own file"
    return None
