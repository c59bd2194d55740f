"""What is missing, broken or of another kind ends with one clear sentence and the documented status."""

import json
import re
from pathlib import Path

import pytest
from command_line import IMEI, entry, har, run

CASES = Path(__file__).parents[1] / "cases"
HAR = har(entry(f"https://a.example.com/?imei={IMEI}"), entry("https://b.example.com/"))


def assert_one_sentence(err: str, *parts: str) -> None:
    lines = err.splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith("phonehome: ")
    assert "Traceback" not in err
    for part in parts:
        assert part in lines[0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty; record again, or name another file"),
        (b"<!doctype html><html><body>Sign in</body></html>", "HTML"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(20), "PNG"),
        (b"just some notes\n", "expected"),
        (b'{"version": 1}', "log"),
        (b"[1, 2, 3]", "JSON"),
        (bytes(64), "expected"),
        (b"PK\x03\x04 and no more", "zip"),
        (b"\x1f\x8b\x08\x00 and no more", "wrapping"),
    ],
)
def test_a_file_that_is_no_capture_ends_with_2(
    tmp_path: Path, subject: Path, content: bytes, says: str
) -> None:
    (tmp_path / "traffic.har").write_bytes(content)
    ended = run("audit", "traffic.har", "--subject", subject, cwd=tmp_path)
    assert ended.status == 2
    assert ended.out == ""
    assert_one_sentence(ended.err, "traffic.har", says)


def test_a_capture_without_packets_ends_with_2_and_says_so(tmp_path: Path) -> None:
    header = bytes.fromhex("d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000")
    (tmp_path / "empty.pcap").write_bytes(header)
    ended = run("audit", "empty.pcap", cwd=tmp_path)
    assert ended.status == 2
    assert "no exchange" in ended.err


@pytest.mark.parametrize("command", ["audit", "exchanges"])
def test_a_file_that_is_no_key_log_ends_with_2(tmp_path: Path, command: str) -> None:
    (tmp_path / "keys.log").write_text("hello\n")
    ended = run(command, "traffic.pcap", "--keylog", "keys.log", cwd=tmp_path)
    assert ended.status == 2
    assert "SSLKEYLOGFILE" in ended.err


@pytest.mark.parametrize("command", ["audit", "exchanges"])
def test_a_missing_file_and_an_empty_folder_end_with_2(tmp_path: Path, command: str) -> None:
    missing = run(command, "nowhere.har", cwd=tmp_path)
    assert (missing.status, missing.out) == (2, "")
    assert_one_sentence(missing.err, "nowhere.har", "no such file")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "notes.txt").write_text("nothing to read here")
    empty = run(command, "folder", cwd=tmp_path)
    assert (empty.status, empty.out) == (2, "")
    assert_one_sentence(empty.err, "folder", "holds no capture")


def test_a_truncated_har_is_read_to_the_break_and_strict_ends_with_3(tmp_path: Path, subject: Path) -> None:
    (tmp_path / "cut.har").write_bytes(HAR[:-300])
    arguments: list[str | Path] = ["audit", "cut.har", "--subject", subject]
    ended = run(*arguments, cwd=tmp_path)
    assert ended.status == 0
    assert "the file ends inside this entry" in re.sub(r"\s+", " ", ended.out)
    assert "imei-1" in ended.out
    assert run(*arguments, "--strict", cwd=tmp_path).status == 3


def test_a_truncated_flow_file_is_read_to_the_break(tmp_path: Path, subject: Path) -> None:
    flows = next((CASES / "mitm-m2s-form_data_flows").glob("*.mitm")).read_bytes()
    (tmp_path / "cut.mitm").write_bytes(flows[: len(flows) - 200])
    arguments: list[str | Path] = ["audit", "cut.mitm", "--subject", subject, "--format", "json"]
    ended = run(*arguments, cwd=tmp_path)
    assert ended.status in (0, 2)  # 2 where it held one flow only
    assert '"lost": true' in ended.out
    assert "Traceback" not in ended.err
    if ended.status == 0:
        assert run(*arguments, "--strict", cwd=tmp_path).status == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('values:\n  - {id: a, type: imie, value: "1"}\n', [":2", "imie", "imei"]),
        (
            f'values:\n  - {{id: a, type: imei, value: "{IMEI}"}}\n'
            f'  - {{id: a, type: serial_number, value: "R58M1234567"}}\n',
            [":3", "'a'"],
        ),
        (f"values:\n  - {{id: a, type: imei, value: {IMEI}}}\n", [":2", "quote"]),
        ("values:\n  - {id: a, type: photo, file: gone.jpg}\n", [":2", "no file of this name"]),
        ("values: [\n", ["subject.yaml:"]),
        ("values:\n  - {id: a, typo: imei}\n", [":2", "typo"]),
        ("\x00\x01", ["subject.yaml"]),
        ("", ["subject.yaml"]),
    ],
)
@pytest.mark.parametrize("command", [["audit", "good.har", "--subject"], ["subject", "check"]])
def test_a_wrong_subject_ends_with_2_naming_file_and_line(
    tmp_path: Path, good: Path, text: str, says: list[str], command: list[str]
) -> None:
    (tmp_path / "subject.yaml").write_text(text)
    ended = run(*command, "subject.yaml", cwd=tmp_path)
    assert (ended.status, ended.out) == (2, "")
    assert "Traceback" not in ended.err
    assert IMEI not in ended.err
    for line in ended.err.splitlines():
        assert line.startswith("phonehome: subject.yaml")
    for part in says:
        assert part in ended.err


def test_a_missing_subject_ends_with_2(tmp_path: Path, good: Path) -> None:
    ended = run("audit", good, "--subject", "gone.yaml", cwd=tmp_path)
    assert (ended.status, ended.out) == (2, "")
    assert_one_sentence(ended.err, "gone.yaml")


def test_an_imei_with_a_wrong_check_digit_is_a_warning_and_is_searched_for(
    tmp_path: Path, good: Path
) -> None:
    (tmp_path / "s.yaml").write_text('values:\n  - {id: odd, type: imei, value: "490154203237517"}\n')
    ended = run("audit", good, "--subject", "s.yaml", "--format", "csv", cwd=tmp_path)
    assert ended.status == 0
    assert_one_sentence(ended.err, "warning", "s.yaml:2", "check digit")
    checked = run("subject", "check", "s.yaml", cwd=tmp_path)
    assert checked.status == 0
    assert "check digit" in checked.out


HOSTILE = sorted(path.parent.name for path in CASES.glob("hostile-*/README.md"))


@pytest.mark.parametrize("case", HOSTILE)
def test_other_peoples_hostile_files_end_as_documented(case: str, subject: Path) -> None:
    [capture] = [
        path
        for path in (CASES / case).iterdir()
        if path.name not in ("README.md", "expected.json") and path.is_file()
    ]
    expected = json.loads((CASES / case / "expected.json").read_text(encoding="utf-8"))
    ended = run("audit", capture, "--subject", subject, "--format", "json")
    assert ended.status == 2
    if "error" in expected:
        assert ended.out == ""
        assert_one_sentence(ended.err, capture.name, expected["error"])
    else:  # a HAR without one entry that can be read: the report names each
        assert_one_sentence(ended.err, "no exchange could be read; the report says why")
        problems = [problem["reason"] for problem in json.loads(ended.out)["problems"]]
        assert problems == [problem["reason"] for problem in expected["problems"]]


@pytest.mark.parametrize("case", ["mitm-corrupted_gzip_body", "har-mitmproxy-corrupted_gzip_body"])
def test_damaged_recordings_are_audited_with_what_was_lost(case: str, subject: Path) -> None:
    [capture] = [path for path in (CASES / case).iterdir() if path.suffix in (".har", ".mitm")]
    ended = run("audit", capture, "--subject", subject, "--format", "json")
    assert ended.status == 0
    lost = sum(problem["lost"] for problem in json.loads(ended.out)["problems"])
    assert lost == 1
    assert_one_sentence(ended.err, "1 problem lost something")


def test_inputs_that_cannot_be_read_are_named_one_by_one_beside_those_that_can(
    tmp_path: Path, subject: Path, good: Path
) -> None:
    (tmp_path / "empty.har").write_bytes(b"")
    (tmp_path / f"{IMEI}.har").write_text("notes")
    ended = run("audit", good, "empty.har", f"{IMEI}.har", "gone.har", "--subject", subject, cwd=tmp_path)
    assert ended.status == 0
    *inputs, count = ended.err.splitlines()
    assert [line.split(": ")[1] for line in inputs] == ["empty.har", "‹imei-1›.har", "gone.har"]
    assert "is empty; record again, or name another file" in inputs[0]
    assert "no such file or folder, or it may not be looked at; check its name" in inputs[2]
    assert count.startswith("phonehome: 3 problems lost something")
    assert run("audit", good, "--subject", subject).err == ""
