"""The protocols that come with the program, and those that a case brings along."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from phonehome.case.places import list_folder, require_folder
from phonehome.case.protocol_file import read_protocol
from phonehome.case.reading import ID_PATTERN, ID_RULE, Remarks
from phonehome.model.errors import ConfigError
from phonehome.model.protocol import TestProtocol

MAX_PROTOCOLS = 200
SUFFIX = ".yaml"
NAMES = ("handset-2014", "idle-night", "first-boot", "update-and-reset", "service-switch", "wifi-or-cellular")
"""In the order in which they are listed; each is a file beside this one."""


def shipped_file(name: str) -> Path:
    """Give the file of a protocol that comes with the program."""
    return Path(__file__).parent / f"{name}{SUFFIX}"


PROTOCOLS: Mapping[str, TestProtocol] = MappingProxyType(
    {name: read_protocol(shipped_file(name)) for name in NAMES}
)


def load_protocols(folder: Path) -> Mapping[str, TestProtocol]:
    """Give the protocols of the program, and beside them those in a folder, if there is such.

    Raises:
        ConfigError: One of them is wrong, or has the name of one that comes with the program.
    """
    if not os.path.lexists(folder):
        return PROTOCOLS
    require_folder(folder, "there is no such folder")
    own: dict[str, TestProtocol] = {}
    remarks = Remarks()
    paths = [path for path in list_folder(folder) if path.suffix == SUFFIX and path.name[0] != "."]
    if len(paths) > MAX_PROTOCOLS:
        raise ConfigError(f"{folder}: holds {len(paths)} protocols, and at most {MAX_PROTOCOLS} are read")
    for path in paths:
        with remarks.collecting():
            if not ID_PATTERN.fullmatch(path.stem):
                raise ConfigError(f"{folder}: the name of a protocol {ID_RULE}; rename {path.name[:80]!r}")
            if path.stem in PROTOCOLS:
                raise ConfigError(f"{path}: a protocol of this name comes with phonehome; give yours another")
            own[path.stem] = read_protocol(path)
    remarks.check()
    return MappingProxyType({**PROTOCOLS, **own})
