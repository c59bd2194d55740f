"""`phonehome case share`: a copy of a case for others, without captures and values."""

import functools
import os
import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import click
from pydantic import ValidationError

from phonehome.case.folder import LoadedCase, load_case
from phonehome.case.inventory import (
    MANIFEST,
    SHARED_FILE,
    enclosing_case,
    folder_of,
    hash_file,
    read_small,
)
from phonehome.case.keys import refuse_inside_case
from phonehome.case.lock import locked
from phonehome.case.manifest import MAX_RESULT, STORED_RESULT, digest_of
from phonehome.case.places import CASE_FILE
from phonehome.case.sharing import MASKED, Clean, Shared
from phonehome.case.sharing import share as make_copy
from phonehome.case.signing import renew_manifest
from phonehome.case.writing import OWNER_ONLY, whole_folder, write_durably
from phonehome.cli.output import say
from phonehome.detect import Detector
from phonehome.documents.audit import AuditDocument
from phonehome.model.errors import ConfigError
from phonehome.model.subject import KnownValue

MIN_LITERAL = 4
"""Characters of a value that is taken out of text wherever they stand; fewer stand in too many words."""
README_FILE = "README.txt"
README = """\
What was found in a case of phonehome, without the recordings and without the values.

shared.json    sessions, flows, exchanges and findings; each finding has a commitment in place of its value
manifest.json  the SHA-256 of these files; signatures over it, if there are any, stand in signatures/

phonehome verify .  --public-key KEY.pub                      is this what its owner signed?
phonehome verify .  --public-key KEY.pub --opening OPENING    does an opening that you were given fit?
"""
EPILOG = """\b
Examples:
  phonehome case share redmi-1s -o shared/    openings go to shared.openings.json
  phonehome sign shared/ --key ~/keys/lab.pem
  phonehome prove shared.openings.json f7 -o f7.opening.json
"""


@click.command(epilog=EPILOG, short_help="Copy a case for others, without captures and values.")
@click.argument("case", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="The folder to write.")
@click.option(
    "--openings",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to keep what proves single findings; OUTPUT.openings.json, beside the copy, if left out. "
    "It holds every value: keep it to yourself.",
)
def share(case: Path, output: Path, openings: Path | None) -> None:
    """Copy exchanges and findings of the audited CASE, with a commitment in place of each value.

    The copy holds no capture, no value and no text around one. What is kept back in the file of openings lets you prove
    single findings later (`phonehome prove`). docs/evidence.md says what a recipient can learn all the same.
    """
    root = folder_of(case)
    if not (root / CASE_FILE).is_file():
        raise click.UsageError(f"{case} is a shared copy already; name the case that it was made of.")
    if output.exists() or output.is_symlink():
        raise ConfigError(f"{output} is there already; give another place with -o")
    kept = openings if openings is not None else output.with_name(f"{output.resolve().name}.openings.json")
    _refuse_places(root, output, kept)
    with locked(root, "phonehome case share") if os.access(root, os.W_OK) else nullcontext():
        copy = _make(root)
    write_durably(kept, copy.openings.model_dump_json(indent=2).encode() + b"\n", mode=OWNER_ONLY)
    with whole_folder(output) as folder:
        write_durably(folder / SHARED_FILE, copy.data)
        write_durably(folder / README_FILE, README.encode())
        renew_manifest(folder)
    say(f"wrote {output}: {len(copy.document.findings):,} findings, no values; sign it with `phonehome sign`")
    say(f"wrote {kept}: every value, with what proves it; keep it to yourself")


def _refuse_places(root: Path, output: Path, kept: Path) -> None:
    around = enclosing_case(output)
    if around is not None:
        raise ConfigError(f"{output}: lies in the case {around}; give a place outside of it with -o")
    if kept.exists() or kept.is_symlink():
        raise ConfigError(f"{kept} is there already; give another place with --openings")
    for path in (output, kept):
        if not path.resolve().parent.is_dir():
            raise ConfigError(f"{path}: there is no folder {path.parent} to write it to")
    refuse_inside_case(kept, "every value")
    if kept.resolve().is_relative_to(output.resolve()):
        raise ConfigError(
            f"{kept}: lies in the copy, and whoever gets the copy would get every value; move it out"
        )
    if not os.access(root, os.R_OK):
        raise ConfigError(f"{root}: cannot be read; check its permissions")


def _make(root: Path) -> Shared:
    loaded = load_case(root, evidence=False)
    stored = root / STORED_RESULT
    if not stored.is_file():
        raise ConfigError(f"{stored}: there is no result to share; run `phonehome audit {root}` first")
    try:
        audit = AuditDocument.model_validate_json(read_small(stored, MAX_RESULT, "result"))
    except ValidationError as error:
        raise ConfigError(
            f"{stored}: is no result of this version of phonehome; run `phonehome audit {root}` again"
        ) from error
    manifest = root / MANIFEST
    digest = hash_file(manifest).sha256 if manifest.is_file() else None
    if digest is None:
        say(
            "the case has no manifest, so the copy cannot be tied to its evidence; `phonehome sign` writes one"
        )
    return make_copy(audit, dict(_iter_values(loaded)), _make_cleaner(loaded), digest)


def _make_cleaner(loaded: LoadedCase) -> Clean:
    """Take values out of what people wrote: in every form that is searched for, and as they stand in the subject file.

    What the case says openly (make, model, builds) is no secret, though a subject may list it as a value.
    """
    handsets = loaded.case.handsets
    public = {
        text.casefold() for one in handsets for text in (one.make, one.model, *one.builds) if text is not None
    }
    subjects = [
        replace(one, values=tuple(value for value in one.values if value.value.casefold() not in public))
        for one in loaded.case.subjects.values()
    ]
    maskers = [Detector(subject).make_masker(reveal=False) for subject in subjects]
    texts = {
        value.value for subject in subjects for value in subject.values if len(value.value) >= MIN_LITERAL
    }
    literal = re.compile(
        "|".join(map(re.escape, sorted(texts, key=len, reverse=True))) or r"(?!)", re.IGNORECASE
    )

    @functools.cache  # hosts, steps and places come again with every finding
    def clean(text: str) -> str:
        for masker in maskers:
            text = masker.path(text)
        return literal.sub(MASKED, text)

    return clean


def _iter_values(loaded: LoadedCase) -> Iterator[tuple[str, str]]:
    """Each value by the id that the audit of a case has for it."""
    subjects = loaded.case.subjects
    for name, subject in subjects.items():
        for value in subject.values:
            yield value.id if len(subjects) == 1 else f"{name}/{value.id}", _text(value)


def _text(value: KnownValue) -> str:
    return value.value if value.content is None else f"sha256:{digest_of(value.content)}"
