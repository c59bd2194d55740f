"""What the case of a scenario begins with: everything that people would have written before recording."""

from collections.abc import Iterator
from pathlib import Path

from phonehome.case.writing import OWNER_ONLY, write_durably
from phonehome.lab.scenario import Scenario
from phonehome.model.errors import ConfigError

BUILD = "@BUILD@"
FILES = ("case.yaml", "claims.yaml", "policy.yaml", "advisory.yaml")
SUBJECTS = "subjects"
_README = """\
# {title}

A **reconstruction**: recorded by `phonehome lab run {id}` from a simulated handset and a simulated cloud on one
machine. Nothing here was observed on a real handset, and every identity is invented.

{about}

`truth.yaml` says what was really sent, noted by the sender before it sent; `phonehome lab score` holds an audit
against it. `stand_ins` of each session says on which loopback addresses its hosts stood.
"""


def write_skeleton(scenario: Scenario, root: Path) -> None:
    """Begin the case of a scenario.

    Raises:
        ConfigError: The folder holds something already, or cannot be written.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise ConfigError(f"{root} is there already and not an empty folder; name another with -o")
    try:
        (root / SUBJECTS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{root}: cannot be made: {error.strerror}; name another folder with -o") from error
    for path in _files(scenario.skeleton):
        data = path.read_bytes()
        if path.suffix == ".yaml":
            data = data.replace(BUILD.encode(), (scenario.build or BUILD).encode())
        target = root / path.relative_to(scenario.skeleton)
        write_durably(target, data, mode=OWNER_ONLY)
    text = _README.format(id=scenario.id, title=scenario.title, about=scenario.about)
    write_durably(root / "README.md", text.encode())


def _files(folder: Path) -> Iterator[Path]:
    for name in FILES:
        if (folder / name).is_file():
            yield folder / name
    yield from sorted((folder / SUBJECTS).iterdir())
