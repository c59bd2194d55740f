"""Where `phonehome advisory` writes: a file, or a folder in which the notice's number names it."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from phonehome.case.inventory import enclosing_case
from phonehome.case.places import RESULTS
from phonehome.cli.output import say, write_file, write_stdout
from phonehome.documents.advisory import AdvisoryDocument
from phonehome.model.errors import ConfigError
from phonehome.reports.advisory.formats import AdvisoryFormat

MAX_OLDER = 64 << 20
"""Bytes of a file in the way that are looked at, to see whether it is an older notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What `-o` names: a file, or a folder, which need not be there if it is written with a slash at its end."""

    path: Path
    is_folder: bool

    @classmethod
    def of(cls, text: str | None) -> "Place | None":
        """Read what was given; None for standard output."""
        if text is None or text == "-":
            return None
        path = Path(text)
        ends = tuple(filter(None, (os.sep, os.altsep)))
        return cls(path=path, is_folder=text.endswith(ends) or path.is_dir())


def find_target(
    place: Place | None, chosen: AdvisoryFormat, notice: AdvisoryDocument, evidence: tuple[Path, ...]
) -> Path | None:
    """Give the file to write, which destroys nothing and does not become evidence itself.

    Raises:
        UsageError: It would be written over something else, or into the evidence of a case.
    """
    if place is None:
        return None
    target = place.path / chosen.file_name(notice) if place.is_folder else place.path
    root = enclosing_case(target)
    if root is not None and root / RESULTS not in target.resolve().parents:
        raise click.UsageError(
            f"-o names {target}, which lies in a case, where it would count as evidence; "
            f"{root / RESULTS} is for results."
        )
    if not target.is_file():
        return target
    for path in evidence:
        if path.exists() and target.samefile(path):
            raise click.UsageError(f"-o names {path}, which this notice is made from; give another place.")
    with target.open("rb") as file:
        head = file.read(MAX_OLDER)
    if head and chosen.mark not in head:
        raise click.UsageError(
            f"-o names {target}, which is there already and is no {chosen.name} advisory of "
            f"phonehome; give another place, "
            "or move that file away."
        )
    return target


def write_notice_file(data: bytes, target: Path | None, chosen: AdvisoryFormat, *, private: bool) -> None:
    """Write a notice to its file, or to standard output.

    Raises:
        UsageError: A terminal cannot show it.
        ConfigError: It cannot be written.
    """
    if target is not None:
        write_file(target, data, private=private)
        say(f"wrote {target}")
        return
    if chosen.is_binary and sys.stdout.isatty():
        raise click.UsageError(f"A terminal cannot show {chosen.name}; name a file with -o.")
    write_stdout(data, private=private)


def make_folder(folder: Path) -> None:
    """Make the folder that was named as one.

    Raises:
        ConfigError: It cannot be made, or a file has its name.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{folder}: the folder cannot be made: {error.strerror}; give another place"
        ) from error
