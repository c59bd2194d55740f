"""`phonehome case annotate`: append a correction, with its author and reason."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from phonehome.case.correcting import correct
from phonehome.case.times import BadTime, parse_time, write_time
from phonehome.cli.case_options import (
    condition_option,
    consent_option,
    each,
    read_places,
    step_option,
    to_mapping,
)
from phonehome.cli.output import say
from phonehome.model.case import Annotation
from phonehome.model.session import Consent, Session, Step

DOING = "phonehome case annotate"
EPILOG = """\b
Examples:
  phonehome case annotate redmi-1s 01-factory-no-account --clock-offset 2.5 \\
    --author "A. Tester" --reason "the gateway's clock was compared with a time server"
  phonehome case annotate redmi-1s 01-factory-no-account --remove-step send-mms \\
    --author "A. Tester" --reason "no MMS was sent: the carrier refused it"
  phonehome case annotate redmi-1s --note "the handset was returned" --author "A. Tester" --reason "for the record"
"""
_At = tuple[str, str | None]


@click.command(epilog=EPILOG, short_help="Append a correction, with author and reason.")
@click.argument("case_", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("session", required=False)
@click.option("--author", required=True, help="Who says so.")
@click.option("--reason", required=True, help="Why, in a sentence.")
@click.option(
    "--clock-offset",
    type=float,
    metavar="SECONDS",
    help="By how much the recording's clock was ahead of the timeline's.",
)
@step_option
@click.option(
    "--remove-step",
    "removed_steps",
    multiple=True,
    metavar="ID[@TIME]",
    callback=each(read_places),
    help="A step that was not taken; with its time where the id stands more than once.",
)
@consent_option
@click.option(
    "--remove-consent",
    "removed_consent",
    multiple=True,
    metavar="SERVICE[@TIME]",
    callback=each(read_places),
    help="An entry of consent that is wrong; with its time where there are several.",
)
@condition_option
@click.option(
    "--remove-condition",
    "removed_conditions",
    multiple=True,
    metavar="FACTOR",
    help="A condition that did not hold.",
)
@click.option("--note", help="A remark that changes nothing.")
def annotate(
    case_: Path,
    session: str | None,
    author: str,
    reason: str,
    clock_offset: float | None,
    steps: Sequence[Step],
    removed_steps: Sequence[_At],
    consent: Sequence[Consent],
    removed_consent: Sequence[_At],
    conditions: Sequence[tuple[str, str]],
    removed_conditions: Sequence[str],
    note: str | None,
) -> None:
    """Append a correction of SESSION, or without one a --note on the whole CASE, to annotations.yaml.

    The session's own file stays as it was; results are made with the corrections. --step adds a step, and replaces
    none: take the wrong one away with --remove-step. --consent and --condition replace what they name.
    """
    corrections = (steps, removed_steps, consent, removed_consent, conditions, removed_conditions)
    if session is None and (clock_offset is not None or any(corrections)):
        raise click.UsageError("Name the SESSION that is to be corrected, behind the CASE.")
    if clock_offset is None and not any(corrections) and note is None:
        raise click.UsageError("Say what to correct, as in --clock-offset 2.5, or give a --note.")
    wanted = to_mapping(conditions, "--condition")

    def change(present: Session) -> Session:
        kept = {name: value for name, value in present.conditions.items() if name not in removed_conditions}
        for name in removed_conditions:
            if name not in present.conditions:
                raise click.UsageError(f"--remove-condition: the session has no condition {name!r}.")
        return replace(
            present,
            clock_offset_s=present.clock_offset_s if clock_offset is None else clock_offset,
            steps=_steps(present, steps, removed_steps),
            consent=_consent(present, consent, removed_consent),
            conditions=kept | wanted,
        )

    annotation = Annotation(at=datetime.now(UTC), author=author, reason=reason, session=session, note=note)
    done = correct(case_, annotation, change, DOING)
    for name in done.removed:
        say(f"removed {name}, which an interrupted command had left")
    what = ", ".join(done.annotation.corrects) or "a note"
    say(f"annotated {case_ if session is None else session}: {what}")


def _steps(present: Session, added: Sequence[Step], removed: Sequence[_At]) -> tuple[Step, ...]:
    steps = list(present.steps)
    for name, at in removed:
        places = [(number, step.at) for number, step in enumerate(steps) if step.id == name]
        del steps[_choose(places, name, at, "--remove-step")]
    return tuple(sorted([*steps, *added], key=lambda step: step.at))


def _consent(present: Session, added: Sequence[Consent], removed: Sequence[_At]) -> tuple[Consent, ...]:
    entries = list(present.consent)
    for name, at in removed:
        places = [(number, entry.at) for number, entry in enumerate(entries) if entry.service == name]
        del entries[_choose(places, name, at, "--remove-consent")]
    replaced = {(entry.service, entry.at) for entry in added}
    kept = [entry for entry in entries if (entry.service, entry.at) not in replaced]
    return tuple(sorted([*kept, *added], key=lambda entry: entry.at))


def _choose(places: Sequence[tuple[int, datetime]], name: str, at: str | None, option: str) -> int:
    """Give the index of the one entry that is meant.

    Raises:
        UsageError: There is none, or more than one.
    """
    found = list(places)
    if at is not None:
        try:
            moment = parse_time(at)
        except BadTime as error:
            raise click.UsageError(f"{option}: the time {at[:80]!r} {error}.") from error
        found = [place for place in places if place[1] == moment]
    if len(found) == 1:
        return found[0][0]
    times = ", ".join(write_time(moment) for _, moment in places)
    if not places:
        raise click.UsageError(f"{option}: the session has no {name!r}.")
    raise click.UsageError(
        f"{option}: {name!r} stands at {times}; say which, as in {name}@{write_time(places[0][1])}."
    )
