"""The documentation keeps up with the program: commands and options have sections, examples run."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from phonehome.cli.exit_codes import ExitCode
from phonehome.cli.main import cli
from phonehome.model.subject import DataType

ROOT = Path(__file__).parents[2]
COMMANDS_PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def walk(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for sub_name in command.list_commands(context):
            sub = command.get_command(context, sub_name)
            assert sub is not None
            yield from walk(sub, f"{name} {sub_name}")


TREE = dict(walk(cli, "phonehome"))


def section(name: str) -> str:
    """The text under a command's heading, up to the next heading of a command."""
    found = re.search(
        rf"^#+ {re.escape(name)}\n(.*?)(?=^#+ phonehome|\Z)", COMMANDS_PAGE, re.MULTILINE | re.DOTALL
    )
    return "" if found is None else found[1]


@pytest.mark.parametrize("name", TREE)
def test_every_command_has_its_section(name: str) -> None:
    assert section(name).strip(), f"docs/commands.md lacks a section headed {name!r}"


@pytest.mark.parametrize(
    ("name", "option"),
    [
        (name, option)
        for name, command in TREE.items()
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
    ],
)
def test_every_option_stands_in_its_commands_section(name: str, option: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", section(name))


def test_no_section_is_about_a_command_that_is_gone() -> None:
    assert set(re.findall(r"^#+ (phonehome.*)$", COMMANDS_PAGE, re.MULTILINE)) == set(TREE)


def test_every_command_says_what_it_is_for() -> None:
    for name, command in TREE.items():
        assert command.help, name


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_status_stands_in_the_table(code: ExitCode) -> None:
    assert re.search(rf"^\| {code.value} \|", COMMANDS_PAGE, re.MULTILINE)


@pytest.mark.parametrize("data_type", DataType)
def test_every_data_type_stands_on_the_page_of_the_subject_file(data_type: DataType) -> None:
    types = (ROOT / "docs" / "subject.md").read_text(encoding="utf-8").split("## Types")[1]
    assert f"`{data_type}`" in types


EXAMPLE = re.compile(r"<!-- run -->\n```console\n(.*?)```", re.DOTALL)
EXAMPLES = [(page, text) for page in PAGES for text in EXAMPLE.findall(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("page", "text"), EXAMPLES, ids=[page.name for page, _ in EXAMPLES])
def test_every_example_prints_what_the_page_shows(page: Path, text: str, tmp_path: Path) -> None:
    # Whatever YAML the page shows before is the subject file of its examples.
    before = page.read_text(encoding="utf-8").split(text)[0]
    subjects = re.findall(r"```yaml\n(.*?)```", before, re.DOTALL)
    (tmp_path / "subject.yaml").write_text(subjects[-1], encoding="utf-8")
    for example in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, expected = example.partition("\n")
        program, *arguments = shlex.split(line)
        assert program == "phonehome"
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                "import sys; from phonehome.cli.main import main; sys.exit(main())",
                *arguments,
            ],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.stdout.strip() == expected.strip()


def test_the_readme_has_an_example_that_runs() -> None:
    assert any(page.name == "README.md" for page, _ in EXAMPLES)


def test_links_between_the_readme_and_the_pages_lead_somewhere() -> None:
    for page in [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
