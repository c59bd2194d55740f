"""`phonehome subject`: start and check the file that says what is known of a handset."""

from pathlib import Path

import click

from phonehome.case.subject import SubjectFile, load_subject
from phonehome.case.template import template
from phonehome.cli.output import say, write_file, write_stdout
from phonehome.detect.lexicon import explain
from phonehome.model.errors import ConfigError
from phonehome.reports.words import count

DEFAULT_NAME = "subject.yaml"
NEW_EPILOG = """\b
Examples:
  phonehome subject new                      writes subject.yaml
  phonehome subject new phones/unit-3.yaml
  phonehome subject new - | less             only shows it
"""
CHECK_EPILOG = """\b
Example:
  phonehome subject check subject.yaml
"""


@click.group(short_help="Start or check the file of what is known of a handset.")
def subject() -> None:
    """Start and check the file of what is known of a handset."""


@subject.command(epilog=NEW_EPILOG)
@click.argument("path", default=DEFAULT_NAME)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def new(path: str, force: bool) -> None:
    """Write a commented subject file to fill in: every type of value with an example.

    PATH is the file to write (subject.yaml if it is left out), or - for standard output.
    """
    if path == "-":
        write_stdout(template())
        return
    target = Path(path)
    if target.exists() and not force:
        raise ConfigError(f"{path} is there already; give another name, or --force to replace it")
    # It will hold personal values as soon as it is filled in.
    write_file(target, template(), private=True)
    say(f"wrote {path}; fill it in, then run: phonehome subject check {path}")


@subject.command(epilog=CHECK_EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Check a subject file, and say what of it will be searched for.

    Values that are too short or too common to be searched for are named with the reason, because of those a
    report can say neither "seen" nor "not seen".
    """
    write_stdout(_explain(file, load_subject(file)))


def _explain(file: Path, loaded: SubjectFile) -> str:
    types = {value.id: str(value.type) for value in loaded.subject.values}
    rows = [(value_id, types[value_id], searched, why) for value_id, searched, why in explain(loaded.subject)]
    searched_for = sum(searched for _, _, searched, _ in rows)
    id_width = max((len(row[0]) for row in rows), default=0)
    type_width = max((len(row[1]) for row in rows), default=0)
    lines = [f"{file}: {count(len(rows), 'value')}, {searched_for} of them searched for"]
    for value_id, data_type, searched, why in rows:
        verdict = "searched for" if searched else "NOT searched for"
        lines.append(
            f"  {value_id:<{id_width}}  {data_type:<{type_width}}  {verdict}{f' ({why})' if why else ''}"
        )
    if loaded.warnings:
        lines += ["", f"Warnings: {len(loaded.warnings)}", *(f"  {warning}" for warning in loaded.warnings)]
    return "\n".join(lines) + "\n"
