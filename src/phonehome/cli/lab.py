"""`phonehome lab`: a phone and a vendor's cloud to audit, with the truth known."""

import click

from phonehome.cli.lab_list import list_scenarios
from phonehome.cli.lab_run import run
from phonehome.cli.lab_score import score


@click.group(short_help="Run a simulated phone against a simulated cloud, and score the audit of it.")
def lab() -> None:
    """Run a simulated phone against a simulated cloud, and score the audit of it.

    Everything is on this machine's loopback, and nothing dials out. What it makes are reconstructions: they show
    nothing about any real handset.
    """


lab.add_command(list_scenarios)
lab.add_command(run)
lab.add_command(score)
