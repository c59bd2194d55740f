"""`phonehome exchanges`: what was read, unmasked and without judging it."""

from collections.abc import Callable, Iterable, Iterator

import click

from phonehome.cli.exit_codes import ExitCode
from phonehome.cli.handset import handset_option
from phonehome.cli.keylog import keylog_option
from phonehome.cli.output import open_stdout, say
from phonehome.cli.workers import workers_option
from phonehome.model.errors import InputError
from phonehome.model.exchange import Exchange
from phonehome.model.problem import Problem
from phonehome.readers import InputFile, Reading, ReadingOptions, Rendered, iter_inputs, read_inputs
from phonehome.reports.exchanges import HarWriter, NdjsonWriter

EPILOG = """\b
Examples:
  phonehome exchanges flows.mitm | jq -r .url
  phonehome exchanges flows.mitm --format har > flows.har
"""


@click.command(epilog=EPILOG, short_help="Write what was read, as ndjson or HAR.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@keylog_option
@handset_option
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["ndjson", "har"]),
    default="ndjson",
    show_default=True,
    help="One JSON object a line, or one HAR file.",
)
@workers_option
@click.option("--bodies", is_flag=True, help="With ndjson: the bodies too, in Base64.")
def exchanges(
    paths: tuple[str, ...],
    key_logs: tuple[bytes, ...],
    handset: str | None,
    workers: int,
    format_name: str,
    bodies: bool,
) -> ExitCode:
    """Write what was read, unmasked: to look at a recording, or to hand it to another tool.

    PATH is a capture (pcap, pcapng, HAR or mitmproxy flows, also compressed), a folder of them, or - for
    standard input.
    """
    writer = HarWriter() if format_name == "har" else NdjsonWriter(bodies)
    options = ReadingOptions(
        key_logs=key_logs, handset=handset, workers=workers, render=writer.render, audited=False
    )
    written = _Written(iter_inputs(paths), options, writer.render)
    with open_stdout() as stdout:
        for piece in writer.join(written):
            stdout.write(piece)
    if not written.number:
        raise InputError("no exchange could be read")
    return ExitCode.DONE


class _Written(Iterator[tuple[int, bytes]]):
    """The exchanges of all inputs, by index and as they are written; problems go to standard error."""

    def __init__(
        self, inputs: list[InputFile], options: ReadingOptions, render: Callable[[Exchange], bytes]
    ) -> None:
        self.number = 0
        self._render = render
        self._written = self._iter_written(read_inputs(inputs, options))

    def __next__(self) -> tuple[int, bytes]:
        return next(self._written)

    def _iter_written(self, readings: Iterable[Reading]) -> Iterator[tuple[int, bytes]]:
        render = self._render
        for reading in readings:
            for item in reading:
                if isinstance(item, Exchange):
                    self.number += 1
                    yield item.index, render(item)
                elif isinstance(item, Rendered):
                    self.number += 1
                    yield item.index, item.data
                elif isinstance(item, Problem):
                    say(f"{item.where}: {item.reason}")
