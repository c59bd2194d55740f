"""`phonehome lab list`: the scenarios that come with the lab."""

import json
import shutil
import textwrap

import click

from phonehome.cli.output import write_stdout
from phonehome.lab.scenario import Scenario
from phonehome.lab.scenarios import find_scenario, names

EPILOG = """\b
Examples:
  phonehome lab list
  phonehome lab list --format json
"""
MAX_WIDTH = 110


@click.command("list", epilog=EPILOG, short_help="List the scenarios.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["terminal", "json"]),
    default="terminal",
    show_default=True,
    help="How to write it.",
)
def list_scenarios(format_name: str) -> None:
    """List the scenarios that `phonehome lab run` knows, with the sessions of each."""
    scenarios = [find_scenario(name) for name in names()]
    if format_name == "json":
        write_stdout(json.dumps([_describe(one) for one in scenarios], indent=2, ensure_ascii=False) + "\n")
    else:
        width = min(shutil.get_terminal_size().columns, MAX_WIDTH)
        write_stdout("\n".join(_render(one, width) for one in scenarios))


def _describe(scenario: Scenario) -> dict[str, object]:
    return {
        "id": scenario.id,
        "title": scenario.title,
        "about": scenario.about,
        "kind": "reconstruction",
        "sessions": [
            {"id": one.session.id, "conditions": dict(one.session.conditions)} for one in scenario.sessions
        ],
    }


def _render(scenario: Scenario, width: int) -> str:
    lines = [f"{scenario.id}: {scenario.title}"]
    lines += textwrap.wrap(scenario.about, width, initial_indent="  ", subsequent_indent="  ")
    sessions = ", ".join(one.session.id for one in scenario.sessions)
    lines += textwrap.wrap(f"sessions: {sessions}", width, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines) + "\n"
