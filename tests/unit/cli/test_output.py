"""Results go whole to where they belong, with the permissions that they need."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from phonehome.cli.output import say, write_file
from phonehome.model.errors import ConfigError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_private_file_is_for_its_owner_only_also_when_it_replaces_an_open_one(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.write_text("old")
    target.chmod(0o644)
    write_file(target, "new", private=True)
    assert target.read_text() == "new"
    assert mode(target) == 0o600


def test_another_file_keeps_to_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "report.json", "x")
    finally:
        os.umask(before)
    assert mode(tmp_path / "report.json") == 0o640


def test_a_failed_write_leaves_the_old_file_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "report.json"
    target.write_text("old")

    def fail(_self: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(ConfigError, match="No space left"):
        write_file(target, "new")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_file(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


@pytest.mark.parametrize("name", ["", "missing/report.json", "a\0b"])
def test_a_place_that_cannot_be_written_is_one_clear_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        write_file(tmp_path / name, "x")


def test_messages_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("bad \x1b[31m name\nsecond")
    out, err = capsys.readouterr()
    assert (out, err) == ("", "phonehome: bad \\x1B[31m name\nphonehome: second\n")


def test_personal_values_redirected_to_a_file_are_for_its_owner_only(tmp_path: Path) -> None:
    code = "from phonehome.cli.output import write_stdout; write_stdout('é\\n', private=True)"
    with (tmp_path / "out").open("wb") as out:
        out_mode = mode(tmp_path / "out")
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=out, stderr=subprocess.PIPE, check=True, env={"LC_ALL": "C"}
        )
    assert (tmp_path / "out").read_text(encoding="utf-8") == "é\n"
    assert mode(tmp_path / "out") == 0o600 != out_mode
    assert b"its owner only" in done.stderr
