"""Comparing evidence with what its sessions say of it: `session.yaml` has the digest of each file that was added."""

from collections.abc import Iterator
from pathlib import Path

from phonehome.case.folder import is_case, load_case
from phonehome.case.manifest import Contents
from phonehome.case.places import SESSIONS
from phonehome.model.errors import ConfigError


def iter_recorded(root: Path) -> Iterator[tuple[str, str]]:
    """Give name and SHA-256 of each file that was added to a session; none for a case that cannot be read."""
    if not is_case(root):
        return
    try:
        sessions = load_case(root, evidence=False).recorded
    except ConfigError:
        return  # `phonehome audit` and `phonehome case show` say what is wrong with it
    for session in sessions:
        for capture in session.captures:
            for name, digest in ((capture.file, capture.sha256), (capture.keylog, capture.keylog_sha256)):
                if name is not None and digest is not None:
                    yield f"{SESSIONS}/{session.id}/{name}", digest


def differences_from_sessions(root: Path, there: Contents) -> list[str]:
    """Name each file that is not what was added, as a sentence."""
    wrong = []
    for name, digest in dict.fromkeys(iter_recorded(root)):
        if name not in there:
            wrong.append(f"{name} is missing, and its session.yaml has it")
        elif there[name][1].sha256 != digest:
            wrong.append(f"{name} is not what was added: its session.yaml has another SHA-256")
    return wrong
