"""The folder of a cloud: whose it is, what is its own in there, and that one cloud at a time runs from it.

The lock is the system's (`flock`), so it ends with the process that holds it, however that ends. Its file stays: who
waits for the lock of a deleted file holds nothing.
"""

import fcntl
import os
import re
from pathlib import Path

from phonehome.lab.cloud.config import RegionName
from phonehome.model.errors import ConfigError

CONFIG_FILE = "cloud.json"
LOCK_FILE = "cloud.lock"
_PLACES = "|".join((*RegionName, "directory", "mover"))
_OWN = re.compile(
    rf"cloud\.(json|lock)|README|topology\.json|clock\.(json|\d+\.new)|control\.token|ca\.pem"
    rf"|({_PLACES})\.[a-z-]+(\.new)?"  # databases, certificates, keys, logs: each region's begin with its name
)


def claim(folder: Path) -> int:
    """Take a folder for one running cloud; gives the descriptor that holds it until it is closed.

    Raises:
        ConfigError: Another cloud runs from it.
    """
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise ConfigError(
            f"{folder}: a cloud of the lab is running from it; stop that, or name another"
        ) from error
    return descriptor


def check_own(folder: Path) -> None:
    """Refuse a folder that holds anything but a cloud, whatever else lies beside it.

    Raises:
        ConfigError: It holds something else; the sentence names it.
    """
    found = sorted(folder.iterdir())
    others = [path.name for path in found if not _OWN.fullmatch(path.name) or path.is_dir()]
    if others or (found and not (folder / CONFIG_FILE).exists() and [p.name for p in found] != [LOCK_FILE]):
        named = (others or [path.name for path in found])[0]
        raise ConfigError(
            f"{folder} holds something else than a cloud of the lab ({named}); name an empty folder, or one that is "
            "not there yet"
        )


def clear(folder: Path) -> None:
    """Delete what a cloud left in its folder, but for the lock; file by file, each known by its name."""
    check_own(folder)
    for path in folder.iterdir():
        if path.name != LOCK_FILE:
            path.unlink()
