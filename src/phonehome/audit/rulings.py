"""What a case is judged by, read from its folder and from what the user names beside it."""

from dataclasses import replace
from pathlib import Path

from phonehome.audit.judgement import Rulings
from phonehome.case.claims_file import load_claims
from phonehome.case.folder import LoadedCase
from phonehome.case.places import CLAIMS_FILE, POLICY_FILE, require_file
from phonehome.case.policies import find_policy
from phonehome.case.policy_file import load_policy
from phonehome.case.units_file import load_units
from phonehome.rules.fields import CaseWords


def load_rulings(
    loaded: LoadedCase, policy: str | None = None, handsets: Path | None = None
) -> tuple[Rulings, tuple[str, ...]]:
    """Read claims, policy and list of handsets; gives them, and what is odd in them.

    Args:
        loaded: The case; its own `claims.yaml` and `policy.yaml` are read if they are there.
        policy: The name of a policy that comes with the program, or a file; it takes the place of the case's own.
        handsets: The organisation's list of handsets.

    Raises:
        ConfigError: Something in them is wrong; a line for each, with file and line.
    """
    words = CaseWords.of(loaded.case, loaded.protocols)
    warnings: list[str] = []
    rulings = Rulings()
    if is_there(loaded.root / CLAIMS_FILE):
        claims = load_claims(loaded.root / CLAIMS_FILE, loaded.case, loaded.protocols)
        warnings.extend(claims.warnings)
        rulings = replace(rulings, claims=claims.claims, residency=claims.residency)
    if policy is not None:
        rulings = replace(rulings, policy=find_policy(policy, words))
    elif is_there(loaded.root / POLICY_FILE):
        rulings = replace(rulings, policy=load_policy(loaded.root / POLICY_FILE, words))
    if handsets is not None:
        units = load_units(handsets)
        warnings.extend(units.warnings)
        rulings = replace(rulings, units=units.units)
    return rulings, tuple(warnings)


def is_there(path: Path) -> bool:
    """Say whether a case has a file.

    Raises:
        ConfigError: It is a link, or something else than a file.
    """
    if not path.exists() and not path.is_symlink():
        return False
    require_file(path, "phonehome policy show")
    return True
