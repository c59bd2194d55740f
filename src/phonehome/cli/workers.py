"""`--workers`: how many processes read a capture of packets."""

import click

MAX_WORKERS = 64

workers_option = click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(1, MAX_WORKERS),
    default=1,
    show_default=True,
    help="Processes that share the reading of a large pcap or pcapng.",
)
