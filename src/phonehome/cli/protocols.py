"""`phonehome protocols`: the test protocols that come with the program."""

import json
import shutil
import textwrap

import click

from phonehome.case.protocols import PROTOCOLS, shipped_file
from phonehome.cli.output import write_stdout
from phonehome.model.protocol import TestProtocol
from phonehome.reports import words

EPILOG = """\b
Examples:
  phonehome protocols
  phonehome protocols handset-2014
  phonehome protocols idle-night --format yaml > redmi-1s/protocols/my-night.yaml
"""


@click.command(epilog=EPILOG, short_help="List the test protocols, or print one.")
@click.argument("name", required=False, type=click.Choice(list(PROTOCOLS)))
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["terminal", "yaml", "json"]),
    default="terminal",
    show_default=True,
    help="How to write it; yaml is the file itself, to start one of your own from.",
)
def protocols(name: str | None, format_name: str) -> None:
    """List the test protocols, or print the steps of the one called NAME.

    A protocol says what to do in which order, and which data each step gives a chance to be sent. A session names it;
    "not seen" then counts the chances. One of your own goes into the folder protocols/ of a case.
    """
    chosen = list(PROTOCOLS.values()) if name is None else [PROTOCOLS[name]]
    if format_name == "json":
        described = [_describe(protocol) for protocol in chosen]
        write_stdout(json.dumps(described if name is None else described[0], indent=2) + "\n")
    elif format_name == "yaml":
        if name is None:
            raise click.UsageError("Name the protocol to print as yaml.")
        write_stdout(shipped_file(name).read_text(encoding="utf-8"))
    elif name is None:
        width = max(map(len, PROTOCOLS))
        write_stdout("".join(f"{protocol.id:<{width}}  {protocol.title}\n" for protocol in chosen))
    else:
        write_stdout(_render(chosen[0], min(shutil.get_terminal_size().columns, 100)))


def _describe(protocol: TestProtocol) -> dict[str, object]:
    return {
        "id": protocol.id,
        "title": protocol.title,
        "about": protocol.about,
        "conditions": protocol.conditions,
        "exposes": [str(kind) for kind in protocol.exposes],
        "steps": [
            {"id": step.id, "text": step.text, "exposes": [str(kind) for kind in step.exposes]}
            for step in protocol.steps
        ],
    }


def _render(protocol: TestProtocol, width: int) -> str:
    lines = [f"{protocol.id}: {protocol.title}", "", *_wrap(protocol.about, width, 0), ""]
    lines.append("Conditions to state:")
    lines += [f"  {name}: {text}" for name, text in protocol.conditions.items()]
    lines += ["", "Steps, and the data that each gives a chance to be sent:"]
    for number, step in enumerate(protocol.steps, start=1):
        lines += _wrap(f"{number:>2}. {step.id}: {step.text}", width, 4)
        lines += _wrap(f"    exposes {_types(step.exposes)}", width, 4)
    lines += ["", *_wrap(f"The whole run exposes, once: {_types(protocol.exposes)}", width, 2)]
    return "\n".join(lines) + "\n"


def _types(kinds: tuple[str, ...]) -> str:
    return words.listing([words.data_type(kind) for kind in kinds]) if kinds else "nothing"


def _wrap(text: str, width: int, indent: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent=" " * indent, break_on_hyphens=False)
