"""Every ending becomes a status and one sentence, never a traceback."""

import json
import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import click
import jsonschema
import pytest

from phonehome import __version__
from phonehome.cli import schema as module
from phonehome.cli.main import main
from phonehome.cli.schema import SCHEMAS
from phonehome.model.errors import ConfigError

PROGRAM = [sys.executable, "-c", "import sys; from phonehome.cli.main import main; sys.exit(main())"]
HAR = str(files("phonehome.demo") / "android-app.har")


@pytest.fixture
def ends_with(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Put an exception in, and the command `schema` raises it."""
    raised: list[BaseException] = []

    def fail(*_args: object, **_kwargs: object) -> None:
        raise raised[0]

    monkeypatch.setattr(module.schema, "callback", fail)
    return raised


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (ConfigError("s.yaml:3: what is wrong"), 2, "phonehome: s.yaml:3: what is wrong\n"),
        (click.UsageError("no such thing"), 2, "no such thing"),
        (KeyboardInterrupt(), 130, "phonehome: interrupted\n"),
        (ZeroDivisionError("4111 1111"), 70, "ZeroDivisionError"),
        (MemoryError(), 70, "MemoryError"),
        (RecursionError(), 70, "RecursionError"),
    ],
)
def test_every_error_has_its_status_and_one_sentence(
    ends_with: list[BaseException],
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    says: str,
) -> None:
    ends_with.append(error)
    assert main(["schema"]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert "Traceback" not in err
    assert "4111" not in err


@pytest.mark.parametrize("arguments", [["--debug", "schema"], ["schema"]])
def test_a_traceback_is_shown_on_request(
    ends_with: list[BaseException],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
) -> None:
    ends_with.append(ZeroDivisionError())
    monkeypatch.setenv("PHONEHOME_DEBUG", "0" if "--debug" in arguments else "1")
    assert main(arguments) == 70
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["nonsense"], ["schema", "nonsense"], ["--nonsense"], ["audit"]])
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Usage:" in err


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"phonehome {__version__}\n"


@pytest.mark.parametrize(
    "command", [[], ["audit"], ["exchanges"], ["subject"], ["subject", "new"], ["schema"]]
)
def test_help_is_there_for_every_command(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--help"]) == 0
    assert "Usage: phonehome" in capsys.readouterr().out


def test_an_interrupt_ends_with_130_even_while_a_command_is_being_imported() -> None:
    code = (
        "import sys, signal, os; from phonehome.cli.main import main\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'phonehome.audit': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupt()); sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "audit", "x.har"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 130
    assert done.stderr.strip() == "phonehome: interrupted"  # click ends the line of ^C first


def test_a_reader_that_has_enough_is_no_fault() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [*PROGRAM, "schema", "audit"], stdout=write, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(write)
    assert done.returncode == 0
    assert done.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "arguments",
    [
        ["schema", "audit"],
        ["schema"],
        ["subject", "new", "-"],
        ["exchanges", HAR],
        ["exchanges", HAR, "--format", "har"],
        ["audit", HAR],
        ["audit", HAR, "--format", "json"],
        ["--help"],
        ["--version"],
    ],
)
def test_a_full_disk_ends_with_2_and_one_sentence(arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("phonehome: ")
    assert done.stderr.splitlines()[-1].endswith("cannot be written: No space left on device")
    assert "fault" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_printed_and_is_one(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", name]) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"]


def test_schemas_are_listed_without_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(SCHEMAS)
