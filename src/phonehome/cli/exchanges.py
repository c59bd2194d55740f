"""`phonehome exchanges`: what was read, unmasked and without judging it."""

from collections.abc import Iterator

import click

from phonehome.cli.exit_codes import ExitCode
from phonehome.cli.output import open_stdout, say
from phonehome.model.errors import InputError
from phonehome.model.exchange import Exchange
from phonehome.readers import InputFile, iter_inputs, read_input
from phonehome.reports.exchanges import write_har, write_ndjson

EPILOG = """\b
Examples:
  phonehome exchanges flows.mitm | jq -r .url
  phonehome exchanges flows.mitm --format har > flows.har
"""


@click.command(epilog=EPILOG, short_help="Write what was read, as ndjson or HAR.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--keylog", metavar="FILE", help="TLS key log, for packet captures.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["ndjson", "har"]),
    default="ndjson",
    show_default=True,
    help="One JSON object a line, or one HAR file.",
)
@click.option("--bodies", is_flag=True, help="With ndjson: the bodies too, in Base64.")
def exchanges(paths: tuple[str, ...], keylog: str | None, format_name: str, bodies: bool) -> ExitCode:
    """Write what was read, unmasked: to look at a recording, or to hand it to another tool.

    PATH is a capture (HAR or mitmproxy flows, also compressed), a folder of them, or - for standard input.
    """
    if keylog is not None:
        say("--keylog is for packet captures, which are not read yet: it changed nothing")
    counted = _Counted(iter_inputs(paths))
    with open_stdout() as stdout:
        if format_name == "har":
            write_har(counted, stdout)
        else:
            write_ndjson(counted, stdout, bodies)
    if not counted.number:
        raise InputError("no exchange could be read")
    return ExitCode.DONE


class _Counted(Iterator[Exchange]):
    """The exchanges of all inputs; problems go to standard error."""

    def __init__(self, inputs: list[InputFile]) -> None:
        self.number = 0
        self._items = (item for file in inputs for item in read_input(file))

    def __next__(self) -> Exchange:
        for item in self._items:
            if isinstance(item, Exchange):
                self.number += 1
                return item
            say(f"{item.where}: {item.reason}")
        raise StopIteration
