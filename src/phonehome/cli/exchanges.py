"""`phonehome exchanges`: what was read, unmasked and without judging it."""

from collections.abc import Iterator
from pathlib import Path

import click

from phonehome.cli.exit_codes import ExitCode
from phonehome.cli.handset import read_handset
from phonehome.cli.keylog import read_key_logs
from phonehome.cli.output import open_stdout, say
from phonehome.model.errors import InputError
from phonehome.model.exchange import Exchange
from phonehome.model.problem import Problem
from phonehome.readers import InputFile, ReadingOptions, iter_inputs, read_inputs
from phonehome.reports.exchanges import iter_har, iter_ndjson

EPILOG = """\b
Examples:
  phonehome exchanges flows.mitm | jq -r .url
  phonehome exchanges flows.mitm --format har > flows.har
"""


@click.command(epilog=EPILOG, short_help="Write what was read, as ndjson or HAR.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option(
    "--keylog",
    "key_logs",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    callback=read_key_logs,
    help="TLS key log (SSLKEYLOGFILE) for captures of packets; may be given more than once.",
)
@click.option(
    "--handset", metavar="IP|MAC", callback=read_handset, help="The phone's address, for packet captures."
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["ndjson", "har"]),
    default="ndjson",
    show_default=True,
    help="One JSON object a line, or one HAR file.",
)
@click.option("--bodies", is_flag=True, help="With ndjson: the bodies too, in Base64.")
def exchanges(
    paths: tuple[str, ...],
    key_logs: tuple[bytes, ...],
    handset: str | None,
    format_name: str,
    bodies: bool,
) -> ExitCode:
    """Write what was read, unmasked: to look at a recording, or to hand it to another tool.

    PATH is a capture (pcap, pcapng, HAR or mitmproxy flows, also compressed), a folder of them, or - for
    standard input.
    """
    counted = _Counted(iter_inputs(paths), ReadingOptions(key_logs=key_logs, handset=handset))
    with open_stdout() as stdout:
        for piece in iter_har(counted) if format_name == "har" else iter_ndjson(counted, bodies=bodies):
            stdout.write(piece)
    if not counted.number:
        raise InputError("no exchange could be read")
    return ExitCode.DONE


class _Counted(Iterator[Exchange]):
    """The exchanges of all inputs; problems go to standard error."""

    def __init__(self, inputs: list[InputFile], options: ReadingOptions) -> None:
        self.number = 0
        self._items = (item for reading in read_inputs(inputs, options) for item in reading)

    def __next__(self) -> Exchange:
        for item in self._items:
            if isinstance(item, Exchange):
                self.number += 1
                return item
            if isinstance(item, Problem):
                say(f"{item.where}: {item.reason}")
        raise StopIteration
