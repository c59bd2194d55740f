"""`phonehome case add-session`: copy a recording into a case."""

from collections.abc import Sequence
from pathlib import Path

import click

from phonehome.case.adding import Added, Recording
from phonehome.case.adding import add_session as add
from phonehome.case.folder import LoadedCase, load_case
from phonehome.case.reading import Remarks
from phonehome.case.session_file import SessionFile, read_session_file
from phonehome.cli.case_options import (
    condition_option,
    consent_option,
    each,
    read_pair,
    step_option,
    to_mapping,
)
from phonehome.cli.handset import handset_option
from phonehome.cli.keylog import check_key_log
from phonehome.cli.output import say
from phonehome.model.positions import missed_by
from phonehome.model.session import Consent, Position, Session, Step
from phonehome.readers.inputs import iter_inputs
from phonehome.reports.words import count, size

DOING = "phonehome case add-session"
EPILOG = """\b
Examples:
  phonehome case add-session redmi-1s gateway.pcap --keylog keys.txt --id 01-factory-no-account \\
    --subject redmi-1s --position gateway --protocol handset-2014 \\
    --condition build=JHCMIBH43.0 --condition account=none --condition network=wifi \\
    --consent messaging=not_asked@2014-08-07T09:00:00Z \\
    --step start-up@2014-08-07T09:00:00Z --step add-contact@2014-08-07T09:12:00+00:00
  phonehome case add-session redmi-1s --from session.yaml
"""


@click.command("add-session", epilog=EPILOG, short_help="Add a session: its recording is copied in.")
@click.argument("case_", metavar="CASE", type=click.Path(path_type=Path))
@click.argument("captures", metavar="[CAPTURE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--from",
    "source",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A session.yaml to take all from; its captures stand beside it.",
)
@click.option(
    "--id", "name", metavar="ID", help="Its name, as in 01-factory-no-account; sessions are sorted by it."
)
@click.option("--subject", metavar="ID", help="The handset (default: the case's only one).")
@click.option("--position", type=click.Choice([str(one) for one in Position]), help="Where it was recorded.")
@click.option(
    "--protocol",
    metavar="NAME",
    help="The test protocol that was followed: `phonehome protocols` lists them.",
)
@condition_option
@step_option
@consent_option
@click.option(
    "--clock-offset",
    type=float,
    metavar="SECONDS",
    help="By how much the recording's clock was ahead of the timeline's (default 0).",
)
@click.option(
    "--keylog",
    "keylogs",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="TLS key log: one for all captures, or one for each in their order.",
)
@handset_option
@click.option(
    "--tool",
    "tools",
    multiple=True,
    metavar="NAME=VERSION",
    callback=each(read_pair),
    help="What it was recorded with. May be given more than once.",
)
def add_session(
    case_: Path,
    captures: Sequence[Path],
    source: Path | None,
    name: str | None,
    subject: str | None,
    position: str | None,
    protocol: str | None,
    conditions: Sequence[tuple[str, str]],
    steps: Sequence[Step],
    consent: Sequence[Consent],
    clock_offset: float | None,
    keylogs: Sequence[Path],
    handset: str | None,
    tools: Sequence[tuple[str, str]],
) -> None:
    """Add a session to CASE: the CAPTUREs are copied in, hashed and made read-only, with what the options say.

    It is added whole or not at all. Afterwards it is evidence, which nothing changes; `phonehome case annotate`
    corrects what is said of it.
    """
    loaded = load_case(case_, evidence=False)
    if source is not None:
        ctx = click.get_current_context()
        given = [key for key in ctx.params if key not in ("case_", "source") and ctx.params[key]]
        if given or clock_offset is not None:
            raise click.UsageError(
                "--from takes everything from its file; leave out captures and other options."
            )
        session, recordings = _read_from(source, loaded)
    else:
        if not captures:
            raise click.UsageError("Name at least one CAPTURE, or a session file with --from.")
        if name is None or position is None:
            raise click.UsageError("A session needs --id and --position (or --from a file that says them).")
        session = Session(
            id=name,
            subject=subject if subject is not None else _only_handset(loaded),
            position=Position(position),
            protocol=protocol,
            conditions=to_mapping(conditions, "--condition"),
            clock_offset_s=clock_offset or 0.0,
            steps=tuple(steps),
            consent=tuple(consent),
            handset=handset,
            tools=to_mapping(tools, "--tool"),
        )
        recordings = _pair(captures, keylogs)
    _check_recordings(recordings)
    _report(case_, add(case_, session, recordings, DOING))


def _only_handset(loaded: LoadedCase) -> str:
    names = [handset.id for handset in loaded.case.handsets]
    if len(names) != 1:
        raise click.UsageError(
            f"Say with --subject which handset this is: {', '.join(names) or 'case.yaml has none'}."
        )
    return names[0]


def _pair(captures: Sequence[Path], keylogs: Sequence[Path]) -> list[Recording]:
    if len(keylogs) not in (0, 1, len(captures)):
        raise click.UsageError(
            f"{len(keylogs)} key logs for {len(captures)} captures: give one for all, or one for each in their order."
        )
    shared = list(keylogs) * len(captures) if len(keylogs) < len(captures) else list(keylogs)
    return [
        Recording(capture=capture, keylog=shared[number] if shared else None)
        for number, capture in enumerate(captures)
    ]


def _read_from(source: Path, loaded: LoadedCase) -> tuple[Session, list[Recording]]:
    read: SessionFile = read_session_file(source, loaded.known, None)
    recordings = [
        Recording(
            capture=source.parent / capture.file,
            keylog=source.parent / capture.keylog if capture.keylog is not None else None,
            sha256=capture.sha256,
            keylog_sha256=capture.keylog_sha256,
        )
        for capture in read.session.captures
    ]
    remarks = Remarks()
    for file, node, _size in read.named:
        if not (source.parent / file).is_file():
            with remarks.collecting():
                raise node.error(f"there is no file {file!r} beside this one; put it there, or mend its name")
    remarks.check()
    return read.session, recordings


def _check_recordings(recordings: Sequence[Recording]) -> None:
    """Look at the beginning of each file: what is no recording would stay in the case for ever.

    Raises:
        InputError: One is none, or its key log is none.
    """
    for recording in recordings:
        if recording.capture.is_file():  # what is none (a folder, a pipe) is told by who copies it
            iter_inputs([recording.capture])
        if recording.keylog is not None and recording.keylog.is_file():
            check_key_log(recording.keylog)


def _report(case_: Path, added: Added) -> None:
    for name in added.removed:
        say(f"removed {name}, which an interrupted command had left")
    for warning in added.warnings:
        say(f"warning: {warning}")
    session = added.session
    total = sum(capture.size or 0 for capture in session.captures)
    say(
        f"added session {session.id} to {case_}: {count(len(session.captures), 'capture')}, {size(total)}, "
        "read-only from now on"
    )
    say(f"what this recording cannot show: {missed_by(session)[0]}")
