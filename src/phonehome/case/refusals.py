"""What must not be in a case that is signed or sealed: names that nobody can read, and private keys.

One rule for the manifest, for sealing and for opening: what one of them takes, the others take.
"""

import base64
import re
from pathlib import Path

from phonehome.case.inventory import MAX_DEPTH, iter_files, iter_folders
from phonehome.case.writing import PARTIAL_PREFIX
from phonehome.model.errors import ConfigError

MAX_PATH = 1024
"""Characters of a path in a case."""
MAX_PART = 255
"""Bytes of one name in it."""
SECRET_HEAD = 4096
"""Bytes of a file in which a private key would begin."""
MAX_IDENTITY = 16 << 10
"""Bytes of an identity that is encrypted; what is larger was encrypted for another reason."""

AGE = b"age-encryption.org/v1\n"
AGE_SCRYPT = AGE + b"-> scrypt "
AGE_ARMOUR = b"-----BEGIN AGE ENCRYPTED FILE-----"

_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
"""Controls, what has no width, and half a character; any space that can be seen is none of them."""
_SECRET = re.compile(rb"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----|AGE-SECRET-KEY-1|PuTTY-User-Key-File-")


def bad_path(name: str) -> str | None:
    """Say what is wrong with the path of a file or folder in a case, as the end of a sentence; None if nothing is."""
    parts = name.split("/")
    if _HIDDEN.search(name):
        return "its name holds characters that nobody can see or that are not UTF-8"
    if any(part in ("", ".", "..") or part.startswith(PARTIAL_PREFIX) for part in parts):
        return "no case has such a name"
    if len(parts) > MAX_DEPTH + 1:
        return f"it lies deeper than {MAX_DEPTH} folders"
    if len(name) > MAX_PATH or any(len(part.encode()) > MAX_PART for part in parts):
        return f"its name is longer than {MAX_PATH} characters"
    return None


def refuse_name(root: Path, name: str) -> None:
    """Refuse what could not be listed, or not be opened again.

    Raises:
        ConfigError: Its name is such a one.
    """
    fault = bad_path(name)
    if fault is not None:
        raise ConfigError(f"{root / name}: {fault}; rename it")


def refuse_secret(path: Path) -> None:
    """Refuse a private key: whoever gets the case would get it too.

    Raises:
        ConfigError: It looks like one, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(SECRET_HEAD)
        small = path.lstat().st_size <= MAX_IDENTITY
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    if _SECRET.search(head) or (small and age_header(head).startswith(AGE_SCRYPT)):
        raise ConfigError(
            f"{path}: looks like a private key, which whoever gets the case would get too; "
            "move it out of the case"
        )


def refuse_unfit(root: Path) -> None:
    """Refuse a case or shared copy that cannot be opened again once it is sealed, or that holds a private key.

    Raises:
        ConfigError: It is one; the sentence names the file.
    """
    for name in iter_folders(root):
        refuse_name(root, name)
    for found in iter_files(root):
        refuse_name(root, found.name)
        refuse_secret(found.path)


def age_header(head: bytes) -> bytes:
    """Give the header of a file of age, out of its armour (Base64, as `age --armor` writes it) if it has one."""
    if not head.startswith(AGE_ARMOUR):
        return head
    text = b"".join(head[len(AGE_ARMOUR) :].split())
    try:
        return base64.b64decode(text[: len(text) // 4 * 4])
    except ValueError:
        return b""
