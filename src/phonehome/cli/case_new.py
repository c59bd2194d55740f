"""`phonehome case new`: start the folder of a case."""

from collections.abc import Sequence
from pathlib import Path

import click

from phonehome.case.places import SUBJECTS
from phonehome.case.reading import ID_PATTERN
from phonehome.case.starting import NewCase, start_case
from phonehome.cli.case_options import each, to_mapping
from phonehome.cli.output import say
from phonehome.model.case import CaseHandset, CaseKind, Service

DOING = "phonehome case new"
EPILOG = """\b
Examples:
  phonehome case new redmi-1s
  phonehome case new redmi-1s --make Xiaomi --model "Redmi 1S" --build JHCMIBH43.0 --build JHCMIBH45.0 \\
    --service messaging=api.account.xiaomi.com --service cloud=.micloud.xiaomi.net
  phonehome case new control --handset redmi-1s --handset control-1
"""


def _service(text: str) -> Service:
    name, _, hosts = text.partition("=")
    return Service(id=name.strip(), hosts=tuple(host.strip() for host in hosts.split(",") if host.strip()))


@click.command(epilog=EPILOG, short_help="Start a case: its folder, case.yaml and subject files.")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--title", help="One line that names the case (default: the folder's name).")
@click.option(
    "--kind",
    type=click.Choice([str(kind) for kind in CaseKind]),
    default=str(CaseKind.OBSERVATION),
    show_default=True,
    help="Whether the recordings were observed, or made to a description or a scenario.",
)
@click.option(
    "--handset",
    "handsets",
    multiple=True,
    metavar="ID",
    help="A handset of the case (default: one that is called like the folder). May be given more than once.",
)
@click.option("--make", help="The maker of the handset; with one handset only.")
@click.option("--model", help="Its model; with one handset only.")
@click.option(
    "--build",
    "builds",
    multiple=True,
    help="A build of it, the oldest first; with one handset only. May be given more than once.",
)
@click.option(
    "--service",
    "services",
    multiple=True,
    metavar="ID[=HOST,…]",
    callback=each(_service),
    help="A service that users can agree to or switch off, and its hosts. May be given more than once.",
)
def new(
    directory: Path,
    title: str | None,
    kind: str,
    handsets: Sequence[str],
    make: str | None,
    model: str | None,
    builds: Sequence[str],
    services: Sequence[Service],
) -> None:
    """Start the case DIR: a commented case.yaml, a subject file for each handset, and room for sessions.

    A folder that holds something already is left alone.
    """
    names = list(dict.fromkeys(handsets)) or [_handset_name(directory)]
    if len(names) > 1 and (make or model or builds):
        raise click.UsageError(
            "--make, --model and --build need a single --handset; edit case.yaml for several."
        )
    to_mapping([(service.id, ",".join(service.hosts)) for service in services], "--service")
    described = [
        CaseHandset(id=name, make=make, model=model, builds=tuple(dict.fromkeys(builds))) for name in names
    ]
    case_title = title or directory.resolve().name
    start_case(
        directory,
        NewCase(
            title=case_title, kind=CaseKind(kind), handsets=described, services=list(dict.fromkeys(services))
        ),
        DOING,
    )
    say(f"started the case {directory}; fill in {directory / SUBJECTS / names[0]}.yaml, then add a session:")
    say(
        f"  phonehome case add-session {directory} CAPTURE... --id 01-NAME --subject {names[0]} --position gateway "
        "--condition build=..."
    )


def _handset_name(directory: Path) -> str:
    name = directory.resolve().name.lower().replace(" ", "-")
    return name if ID_PATTERN.fullmatch(name) else "handset-1"
