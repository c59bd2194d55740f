"""`--workers`: how many processes share the work."""

import click

MAX_WORKERS = 64

workers_option = click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(1, MAX_WORKERS),
    default=1,
    show_default=True,
    help="Processes that share the work on large recordings.",
)
