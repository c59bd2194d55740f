"""The page on cases: its files load, its commands run, and it names every protocol."""

import re
import shlex
from pathlib import Path

import pytest

from phonehome.case.folder import load_case
from phonehome.case.protocols import PROTOCOLS
from phonehome.cli.main import main
from phonehome.model.session import Position

PAGE = (Path(__file__).parents[2] / "docs" / "cases.md").read_text(encoding="utf-8")
PCAP = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000065000000")
SUBJECT = 'values:\n- {id: imei-1, type: imei, value: "490154203237518"}\n'


def test_the_files_on_the_page_make_a_case(tmp_path: Path) -> None:
    case, session, annotations = (block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
    folder = tmp_path / "sessions" / "01-factory-no-account"
    folder.mkdir(parents=True)
    (tmp_path / "subjects").mkdir()
    (tmp_path / "subjects" / "redmi-1s.yaml").write_text(SUBJECT, encoding="utf-8")
    (tmp_path / "case.yaml").write_text(case, encoding="utf-8")
    (folder / "session.yaml").write_text(session.replace("5f…", f'"{"5f" * 32}"'), encoding="utf-8")
    (tmp_path / "annotations.yaml").write_text(annotations, encoding="utf-8")
    loaded = load_case(tmp_path, evidence=False)
    assert loaded.warnings == ()
    assert loaded.case.sessions[0].clock_offset_s == 3.25


def test_the_commands_on_the_page_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gateway.pcap").write_bytes(PCAP)
    block = PAGE.split("```sh\n")[1].split("```")[0].replace("\\\n", " ")
    commands = [shlex.split(line, comments=True) for line in block.splitlines() if not line.startswith("#")]
    assert [command[1] for command in commands] == ["case", "case", "case", "audit"]
    for command in commands[:3]:
        assert main(command[1:]) == 0
    assert "01-factory-no-account" in capsys.readouterr().out


def test_every_protocol_and_position_has_its_row() -> None:
    for name in (*PROTOCOLS, *Position):
        assert re.search(rf"^\| `{name}`", PAGE, re.MULTILINE), name
