"""`phonehome prove`: the opening of one finding, for somebody who has the shared copy."""

from pathlib import Path

import click

from phonehome.case.commitments import EVIDENCE
from phonehome.case.keys import refuse_inside_case
from phonehome.case.openings import prove as take_opening
from phonehome.case.writing import OWNER_ONLY, write_durably
from phonehome.cli.output import say, write_stdout
from phonehome.model.errors import ConfigError

EPILOG = """\b
Examples:
  phonehome prove shared.openings.json f7 -o f7.opening.json
  phonehome prove shared.openings.json evidence    ties the copy to the manifest of the case
\b
Whoever has the copy then checks it:
  phonehome verify shared/ --public-key lab.pem.pub --opening f7.opening.json
"""


@click.command(epilog=EPILOG, short_help="Open one finding of a shared copy.")
@click.argument("openings", type=click.Path(path_type=Path))
@click.argument("finding")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The file to write, readable by its owner only."
)
def prove(openings: Path, finding: str, output: Path | None) -> None:
    """Write what opens one FINDING of a shared copy: its value shows, and nothing of the others does.

    OPENINGS is the file that `phonehome case share` kept back. FINDING is an id of the copy (f7), the id that the
    report of the case has for it, or `evidence`.
    """
    opening = take_opening(openings, finding)
    text = opening.model_dump_json(indent=2) + "\n"
    if output is None:
        write_stdout(text, private=True)
        return
    if output.exists() or output.is_symlink():
        raise ConfigError(f"{output} is there already; give another name with -o")
    refuse_inside_case(output, "a value")
    write_durably(output, text.encode(), mode=OWNER_ONLY)
    what = (
        "the manifest of the case" if opening.finding == EVIDENCE else f"one value, that of {opening.finding}"
    )
    say(f"wrote {output}: it shows {what}")
