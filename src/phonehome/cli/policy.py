"""`phonehome policy`: the rules by which a case decides on handsets; those that come along, and one's own."""

from pathlib import Path

import click

from phonehome.case.folder import is_case, load_case
from phonehome.case.policies import NAMES, find_policy, shipped_file
from phonehome.cli.output import write_stdout
from phonehome.model.errors import ConfigError
from phonehome.model.policy import Decision, Enforcement, Policy, Requirement
from phonehome.model.wording import count, data_type, listing
from phonehome.reports.text import visible
from phonehome.rules.fields import CaseWords

EPILOG = """\b
Start here:
  phonehome policy list
  phonehome policy show enterprise-fleet > policy.yaml
  phonehome policy check policy.yaml
"""
SHOW_EPILOG = """\b
Examples:
  phonehome policy show families
  phonehome policy show defence-staff > policy.yaml     a file to start from
"""
CHECK_EPILOG = """\b
Examples:
  phonehome policy check policy.yaml
  phonehome policy check policy.yaml --case redmi-1s    conditions and services are that case's
"""


@click.group(epilog=EPILOG, short_help="List, show and check the rules by which handsets are decided on.")
def policy() -> None:
    """Rules of an organisation: which handsets and builds it allows, restricts or prohibits.

    A case is judged by one with `phonehome audit CASE --policy NAME|FILE`.
    """


@policy.command("list")
def list_policies() -> None:
    """List the policies that come with phonehome."""
    width = max(map(len, NAMES))
    found = [find_policy(name) for name in NAMES]
    write_stdout("".join(f"{one.name:<{width}}  {one.title}. For: {one.audience}\n" for one in found))


@policy.command(epilog=SHOW_EPILOG)
@click.argument("name", type=click.Choice(NAMES), metavar="NAME")
def show(name: str) -> None:
    """Print the policy NAME as the file that it is, with its comments."""
    write_stdout(shipped_file(name).read_text(encoding="utf-8"))


@policy.command(epilog=CHECK_EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--case",
    "case_folder",
    type=click.Path(path_type=Path),
    help="A case whose conditions, services and steps the rules may name, and no others.",
)
def check(file: Path, case_folder: Path | None) -> None:
    """Check the policy FILE: every mistake with its line, or what it says in short.

    Without --case, and outside of a case, rules may name the conditions that every case knows (account, build,
    network), and those that the file declares under `conditions:`.
    """
    if not file.exists() and str(file) in NAMES:
        raise ConfigError(
            f"there is no file {file}; `phonehome policy show {file}` prints the policy of that name"
        )
    if case_folder is None and is_case(file.absolute().parent):
        case_folder = file.absolute().parent
    write_stdout(_explain(find_policy(str(file.absolute()), _names(case_folder))))


def _names(case_folder: Path | None) -> CaseWords | None:
    if case_folder is None:
        return None
    loaded = load_case(case_folder, evidence=False)
    return CaseWords.of(loaded.case, loaded.protocols)


def _explain(checked: Policy) -> str:
    binding = "binds" if checked.enforcement is Enforcement.REQUIRED else "advises"
    lines = [
        f"{checked.title}: {binding}, {count(len(checked.rules), 'rule')}",
        f"Nothing is allowed unless {100 * checked.minimum_read:g} % of what each session sent could be read,",
        "and unless these had a chance to be sent:"
        if checked.requires
        else "and nothing else must be tested first.",
        *(f"  {_say_requirement(one)}" for one in checked.requires),
    ]
    for decision in reversed(Decision):
        rules = [rule for rule in checked.rules if rule.decision is decision]
        lines += [f"{decision.value}:"] if rules else []
        lines += [f"  {rule.id}: {rule.reason}" for rule in rules]
    if checked.residency:
        lines.append("Data is said to live in:")
        lines += [f"  {one.id}: {', '.join(one.countries)} ({one.text})" for one in checked.residency]
    return "".join(f"{visible(line)}\n" for line in lines)


def _say_requirement(requirement: Requirement) -> str:
    kinds = (
        listing([data_type(kind.value) for kind in requirement.data_types]) if requirement.data_types else ""
    )
    what = f"{kinds}, {count(requirement.exposures, 'time')} each" if kinds else "anything, in a session"
    conditions = [f"{name}={value}" for name, value in requirement.conditions.items()]
    return f"{what}{' with ' + listing(conditions) if conditions else ''}"
