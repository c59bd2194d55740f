"""The policies that come with the program: examples to use as they are, or to start one's own from."""

from pathlib import Path

from phonehome.case.policy_file import load_policy
from phonehome.case.yamlfile import suggest
from phonehome.model.errors import ConfigError
from phonehome.model.policy import Policy
from phonehome.rules.fields import CaseWords

NAMES = ("defence-staff", "enterprise-fleet", "families")
"""In the order in which they are listed; each is a file beside this one."""
SUFFIX = ".yaml"


def shipped_file(name: str) -> Path:
    """Give the file of a policy that comes with the program."""
    return Path(__file__).parent / f"{name}{SUFFIX}"


def find_policy(name: str, names: CaseWords | None = None) -> Policy:
    """Read a policy by the name of one that comes with the program, or by the path of a file.

    Args:
        name: The one or the other; a file of that name wins only if the name has a dot or a slash in it.
        names: What its rules may name, as for `load_policy`.

    Raises:
        ConfigError: There is no such policy, or something in it is wrong.
    """
    if name in NAMES:
        return load_policy(shipped_file(name), names)
    if not Path(name).exists() and "/" not in name and "." not in name:
        raise ConfigError(
            f"there is no policy {name[:80]!r}{suggest(name, NAMES)}; name one of {', '.join(NAMES)}, or a file"
        )
    return load_policy(Path(name), names)
