"""What the case of a scenario begins with: everything that people would have written before recording."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from phonehome.audit.rulings import load_rulings
from phonehome.case.folder import load_case
from phonehome.case.places import list_folder, require_file, require_folder
from phonehome.case.verdicts_file import load_verdicts
from phonehome.case.writing import OWNER_ONLY, write_durably
from phonehome.lab.scenario import Scenario
from phonehome.model.case import Case, CaseHandset, CaseKind
from phonehome.model.claim import ExpectedVerdict
from phonehome.model.errors import ConfigError

BUILD = "@BUILD@"
FILES = ("case.yaml", "claims.yaml", "policy.yaml", "advisory.yaml")
SUBJECTS = "subjects"
README = "README.md"
MAX_FILES = 200
MAX_FILE_BYTES = 8 << 20
"""Of one file of a skeleton: a photo is the largest."""
_NEW = "phonehome case new"
_README = """\
# {title}

A **reconstruction**: recorded by `phonehome lab run {id}` from a simulated handset and a simulated cloud on one
machine. Nothing here was observed on a real handset, and every identity is invented.

{about}

`truth.yaml` says what was really sent, noted by the sender before it sent; `phonehome lab score` holds an audit
against it. Its sessions are to be {sessions}: where one is missing, the run was broken off, and the
case is incomplete. `stand_ins` of each session says on which loopback addresses its hosts stood.
"""


@dataclass(frozen=True, kw_only=True)
class Skeleton:
    """The files that a case begins with, read and checked.

    Attributes:
        folder: Where they lie.
        case: What they say.
        build: What stands for `@BUILD@` in them; None where nothing does.
    """

    folder: Path
    case: Case
    build: str | None

    @cached_property
    def claims(self) -> tuple[str, ...]:
        """The ids of its claims."""
        rulings, _ = load_rulings(load_case(self.folder, evidence=False))
        return tuple(one.claim.id for one in rulings.claims)

    @property
    def verdicts(self) -> tuple[ExpectedVerdict, ...]:
        """The verdicts that it comes with."""
        path = self.folder / "verdicts.yaml"
        return load_verdicts(path) if os.path.lexists(path) else ()

    @property
    def handsets(self) -> dict[str, CaseHandset]:
        """Its handsets by id, their builds as the case will have them."""
        return {
            one.id: replace(
                one, builds=tuple(self.build or name if name == BUILD else name for name in one.builds)
            )
            for one in self.case.handsets
        }

    @property
    def services(self) -> tuple[str, ...]:
        """The ids of its services."""
        return tuple(service.id for service in self.case.services)


def read_skeleton(folder: Path, build: str | None) -> Skeleton:
    """Read the files that a case begins with.

    Raises:
        ConfigError: Something in them is wrong, or they are not of a reconstruction.
    """
    require_folder(folder, "there is no such folder")
    list(_files(folder))
    case = load_case(folder, evidence=False).case
    if case.kind is not CaseKind.RECONSTRUCTION:
        raise ConfigError(
            f"{folder / 'case.yaml'}: what the lab makes is no observation; say `kind: reconstruction` here"
        )
    return Skeleton(folder=folder, case=case, build=build)


def write_skeleton(scenario: Scenario, root: Path) -> None:
    """Begin the case of a scenario.

    Raises:
        ConfigError: The folder cannot be written.
    """
    try:
        (root / SUBJECTS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{root}: cannot be made: {error.strerror}; name another folder with -o") from error
    for path in _files(scenario.skeleton):
        data = _read(path)
        if path.suffix == ".yaml":
            data = data.replace(BUILD.encode(), (scenario.build or BUILD).encode())
        write_durably(root / path.relative_to(scenario.skeleton), data, mode=OWNER_ONLY)
    text = _README.format(
        id=scenario.id,
        title=scenario.title,
        about=scenario.about,
        sessions=", ".join(one.session.id for one in scenario.sessions),
    )
    write_durably(root / README, text.encode())


def _files(folder: Path) -> Iterator[Path]:
    """Give the files to take over: plain ones, and not too many.

    Raises:
        ConfigError: One is a link, a folder or a device, or there are more than `MAX_FILES`.
    """
    require_folder(folder / SUBJECTS, "there is no such folder; a case begins with its subjects")
    subjects = list_folder(folder / SUBJECTS)
    if len(subjects) > MAX_FILES:
        raise ConfigError(
            f"{folder / SUBJECTS}: holds {len(subjects)} files, and at most {MAX_FILES} are read"
        )
    for path in (*(folder / name for name in FILES if os.path.lexists(folder / name)), *subjects):
        require_file(path, _NEW)
        yield path


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; check its permissions") from error
    if len(data) > MAX_FILE_BYTES:
        raise ConfigError(
            f"{path}: is larger than the {MAX_FILE_BYTES >> 20} MiB that are taken over of a file"
        )
    return data
