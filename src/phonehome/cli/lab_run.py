"""`phonehome lab run`: run a scenario, and leave a case."""

import os
from pathlib import Path

import click

from phonehome.cli.output import say
from phonehome.lab.extras import need_extras
from phonehome.lab.scenario import Scenario
from phonehome.lab.scenarios import SUFFIX, find_scenario, load_scenario, names

RECORDERS = ("tap", "mitmproxy", "tcpdump")
MAX_SEED = (1 << 32) - 1
EPILOG = """\b
Examples:
  phonehome lab run redmi-1s-2014
  phonehome lab run encodes -o fix --seed 7
  phonehome lab run pinned --recorder mitmproxy -o pinned-proxy
  phonehome lab run scenarios/mine.yaml
"""


@click.command(
    epilog=EPILOG, short_help="Run a scenario: real servers, a simulated handset, a recorded case."
)
@click.argument("scenario", metavar="SCENARIO")
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where to make the case; it must not exist, or be empty (default: a folder called like the scenario).",
)
@click.option(
    "--seed",
    metavar="N",
    type=click.IntRange(0, MAX_SEED),
    default=1,
    show_default=True,
    help="Whatever is left to chance follows from it. Keys of TLS do not.",
)
@click.option(
    "--recorder",
    type=click.Choice(RECORDERS),
    default=RECORDERS[0],
    show_default=True,
    help="How the traffic is recorded. The tap needs nothing; the others must be installed.",
)
def run(scenario: str, output: Path | None, seed: int, recorder: str) -> None:
    """Run SCENARIO and leave a case with the truth in it.

    SCENARIO is one of those that `phonehome lab list` names, or a file of your own (NAME.yaml), which may bring builds
    along in a folder builds/ beside it; docs/lab.md tells how to write one.

    The vendor's cloud is started as servers of this machine, the handset is walked through the steps of each session,
    its traffic is recorded, and all is stopped again. The case is a reconstruction, and says so.

    Ctrl-C, SIGTERM and SIGHUP stop everything, too. What was recorded until then stays, and is incomplete.
    """
    need_extras()
    # Not before: without the extra, the sentence above is to come, and not an import that fails.
    from phonehome.lab.run import RunOptions, run_scenario

    chosen = _find(scenario)
    root = output or Path(chosen.id)
    run_scenario(chosen, root, RunOptions(seed=seed, recorder=recorder, progress=say))
    say(f"recorded the case {root}, a reconstruction; now audit it, and hold the audit against the truth:")
    say(f"  phonehome audit {root}")
    say(f"  phonehome lab score {root}")


def _find(scenario: str) -> Scenario:
    """Give a scenario by its name, or from a file."""
    if scenario in names():
        return find_scenario(scenario)
    if scenario.endswith(SUFFIX) or os.sep in scenario:
        return load_scenario(Path(scenario))
    raise click.BadParameter(
        f"there is no scenario {scenario[:80]!r}: name one of {', '.join(names())}, or a file that ends in {SUFFIX}",
        param_hint="SCENARIO",
    )
