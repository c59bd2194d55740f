"""`phonehome audit` as a user runs it: on the demo's recording, on folders, pipes and wrong files."""

import csv
import io
import json
import shutil
import stat
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from phonehome.cli.main import main

DEMO = Path(str(files("phonehome.demo")))
HAR = DEMO / "android-app.har"
SUBJECT = DEMO / "subject.yaml"
AD_ID = "1209d0b9-b959-42e6-b921-aa5d9d08c1af"
AUDIT = ["audit", str(HAR), "--subject", str(SUBJECT)]


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    """The demo's recording, broken off in the middle."""
    target = tmp_path / "cut.har"
    target.write_bytes(HAR.read_bytes()[:120_000])
    return target


def test_json_and_nothing_else_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*AUDIT, "--format", "json"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["schema"] == "phonehome.audit/1"
    assert document["coverage"]["exchanges"] == 16
    sent = {(flow["data_type"], flow["host"]) for flow in document["flows"] if flow["direction"] == "up"}
    assert ("advertising_id", "graph.facebook.com") in sent
    assert ("advertising_id", "api2.branch.io") in sent
    assert AD_ID not in out + err


def test_the_terminal_view_is_the_default_and_masked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(AUDIT) == 0
    out = capsys.readouterr().out
    assert "graph.facebook.com" in out
    assert AD_ID not in out
    assert "\x1b" not in out


def test_csv_has_a_row_for_each_flow(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*AUDIT, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {"data_type", "host", "severity"} <= set(rows[0])


@pytest.mark.parametrize(
    ("name", "begins"),
    [("r.json", "{"), ("r.html", "<!doctype html>"), ("r.csv", "id,"), ("r.txt", "phonehome ")],
)
def test_the_suffix_tells_the_format(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, begins: str
) -> None:
    assert main([*AUDIT, "-o", str(tmp_path / name)]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert f"wrote {tmp_path / name}" in err
    assert (tmp_path / name).read_text(encoding="utf-8").lower().startswith(begins)


def test_the_option_beats_the_suffix(tmp_path: Path) -> None:
    assert main([*AUDIT, "-o", str(tmp_path / "r.html"), "--format", "json"]) == 0
    json.loads((tmp_path / "r.html").read_text(encoding="utf-8"))


def test_a_suffix_that_tells_nothing_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*AUDIT, "-o", str(tmp_path / "r.pdf")]) == 2
    assert "--format" in capsys.readouterr().err
    assert not (tmp_path / "r.pdf").exists()


def test_revealed_values_are_for_the_owner_only(tmp_path: Path) -> None:
    target = tmp_path / "r.json"
    assert main([*AUDIT, "-o", str(target), "--reveal"]) == 0
    assert AD_ID in target.read_text(encoding="utf-8")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_fail_on_ends_with_1_when_it_is_met_and_0_when_not(tmp_path: Path) -> None:
    out = ["-o", str(tmp_path / "r.json")]
    assert main([*AUDIT, *out, "--fail-on", "low"]) == 1
    assert (tmp_path / "r.json").exists()
    (tmp_path / "s.yaml").write_text('values:\n  - {id: a, type: imei, value: "490154203237518"}\n')
    assert main(["audit", str(HAR), "--subject", str(tmp_path / "s.yaml"), *out, "--fail-on", "low"]) == 0


def test_strict_ends_with_3_when_something_could_not_be_read(cut: Path, tmp_path: Path) -> None:
    arguments = ["audit", str(cut), "--subject", str(SUBJECT), "-o", str(tmp_path / "r.json")]
    assert main(arguments) == 0
    document = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert document["coverage"]["exchanges"] > 0
    assert document["problems"]
    assert main([*arguments, "--strict"]) == 3
    assert main([*arguments, "--strict", "--fail-on", "low"]) == 3


def test_without_a_subject_it_runs_and_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", str(HAR), "--format", "json"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["findings"] == []
    assert document["coverage"]["exchanges"] == 16
    assert "no known value was searched for" in err


def test_options_for_packet_captures_say_that_they_changed_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = tmp_path / "keys.txt"
    keys.write_text(f"CLIENT_RANDOM {'5a' * 32} {'1b' * 48}\n")
    assert main([*AUDIT, "--keylog", str(keys), "--handset", "192.0.2.7", "--format", "csv"]) == 0
    assert "changed nothing" in capsys.readouterr().err
    assert main([*AUDIT, "--handset", "my phone"]) == 2
    assert "MAC address" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"", b"\0" * 64, b"{}", b'{"log": {"entries": []}}', b"hello"])
def test_a_file_without_an_exchange_ends_with_2_and_one_clear_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    target = tmp_path / "traffic.har"
    if content is not None:
        target.write_bytes(content)
    assert main(["audit", str(target), "--subject", str(SUBJECT)]) == 2
    err = capsys.readouterr().err
    assert err.startswith("phonehome: ")
    assert "Traceback" not in err


@pytest.mark.parametrize("content", [None, b"hello"])
def test_a_value_in_the_name_of_the_only_input_is_masked_in_the_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    target = tmp_path / f"of {AD_ID}.har"
    if content is not None:
        target.write_bytes(content)
    assert main(["audit", str(target), "--subject", str(SUBJECT)]) == 2
    err = capsys.readouterr().err
    assert f"{tmp_path}/of ‹ad-id›.har: " in err
    assert AD_ID not in err
    assert main(["audit", str(target), "--subject", str(SUBJECT), "--reveal"]) == 2
    assert AD_ID in capsys.readouterr().err


def test_a_folder_without_captures_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", str(tmp_path), "--subject", str(SUBJECT)]) == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_a_folder_and_standard_input_are_read(tmp_path: Path) -> None:
    shutil.copy(HAR, tmp_path / "one.har")
    (tmp_path / "notes.txt").write_text("nothing to read here")
    program = [sys.executable, "-c", "import sys; from phonehome.cli.main import main; sys.exit(main())"]
    with HAR.open("rb") as stdin:
        done = subprocess.run(
            [*program, "audit", str(tmp_path), "-", "--subject", str(SUBJECT), "--format", "json"],
            stdin=stdin,
            capture_output=True,
            check=False,
        )
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert [Path(one["path"]).name for one in document["inputs"]] == ["one.har", "-"]
    assert document["coverage"]["exchanges"] == 32


def test_evidence_is_never_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "traffic.json"
    shutil.copy(HAR, target)
    assert main(["audit", str(target), "--subject", str(SUBJECT), "-o", str(target)]) == 2
    assert "is an input" in capsys.readouterr().err
    assert target.read_bytes() == HAR.read_bytes()


@pytest.mark.parametrize("name", ["subject.yaml", "photo.html", "link.html"])
def test_neither_the_subject_nor_a_file_that_it_names_is_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    subject = tmp_path / "subject.yaml"
    subject.write_text("values:\n  - {id: p, type: file, file: photo.html}\n")
    # Even where the file that the handset held is a report of ours.
    assert main([*AUDIT, "-o", str(tmp_path / "photo.html")]) == 0
    (tmp_path / "link.html").symlink_to(tmp_path / "photo.html")
    before = (tmp_path / name).read_bytes()
    options = ["--subject", str(subject), "-o", str(tmp_path / name), "--format", "html"]
    assert main(["audit", str(HAR), *options]) == 2
    assert "is an input" in capsys.readouterr().err
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize("name", ["r.json", "r.html", "r.csv", "r.txt"])
def test_a_report_of_the_same_format_is_replaced_and_no_other_file_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    target = tmp_path / name
    target.touch()  # an empty file holds nothing
    assert main([*AUDIT, "-o", str(target)]) == 0
    assert main([*AUDIT, "-o", str(target)]) == 0
    report = target.read_bytes()
    for other in ("json", "html", "csv", "terminal"):
        if other != {"txt": "terminal"}.get(target.suffix[1:], target.suffix[1:]):
            assert main([*AUDIT, "-o", str(target), "--format", other]) == 2
    assert target.read_bytes() == report
    for foreign in (HAR.read_bytes(), b"<!doctype html><title>mine</title>", b"id,name\r\n1,x\r\n", b"notes"):
        target.write_bytes(foreign)
        capsys.readouterr()
        assert main([*AUDIT, "-o", str(target)]) == 2
        assert "give another place" in capsys.readouterr().err
        assert target.read_bytes() == foreign


def test_a_wrong_subject_ends_with_2_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "s.yaml").write_text("values:\n  - {id: a, type: imei, value: 490154203237518}\n")
    assert main(["audit", str(HAR), "--subject", str(tmp_path / "s.yaml")]) == 2
    assert ":2: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("pcap-zeek-heartbleed-encrypted", "nothing but the beginning of TLS"),
        ("pcap-illustrated-tls12", "encrypted connections that no key opens"),
        ("pcap-pcpp-SSL-PartialCertificate1", "no exchange could be read; the report says why"),
    ],
)
def test_where_no_exchange_is_the_sentence_says_what_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str, said: str
) -> None:
    [capture] = (Path(__file__).parents[2] / "cases" / case).glob("*.pcap*")
    assert main(["audit", str(capture), "-o", str(tmp_path / "r.json")]) == 2
    assert said in capsys.readouterr().err
    problems = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["problems"]
    assert any(problem["lost"] for problem in problems) == said.endswith("says why")
