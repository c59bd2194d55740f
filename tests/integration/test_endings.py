"""Statuses and their order, where input comes from and where results go: the program in a real shell's hands."""

import gzip
import io
import json
import lzma
import os
import signal
import stat
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from command_line import IMEI, PHONEHOME, entry, har, run

README = Path(__file__).parents[2] / "README.md"


def zipped(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("good.har", data)
    return packed.getvalue()


def test_the_highest_status_wins(tmp_path: Path, good: Path, subject: Path) -> None:
    cut = tmp_path / "cut.har"
    cut.write_bytes(good.read_bytes()[:-400])
    options: list[str | Path] = ["--subject", subject, "-o", tmp_path / "r.json"]
    assert run("audit", good, *options).status == 0
    assert run("audit", good, *options, "--strict").status == 0
    assert run("audit", good, *options, "--fail-on", "low").status == 1
    assert run("audit", good, cut, *options, "--fail-on", "low", "--strict").status == 3
    cut.write_bytes(har()[:-3])
    assert run("audit", cut, *options, "--fail-on", "low", "--strict").status == 2


@pytest.mark.parametrize(
    ("name", "wrap"),
    [
        ("good.har.gz", gzip.compress),
        ("good.har.zst", zstandard.ZstdCompressor().compress),
        ("good.har.xz", lzma.compress),
        ("good.zip", zipped),
        ("good.zip.gz", lambda data: gzip.compress(zipped(data))),
    ],
)
def test_wrapping_is_looked_through_in_files_and_pipes(
    tmp_path: Path, good: Path, subject: Path, name: str, wrap: Callable[[bytes], bytes]
) -> None:
    wrapped = wrap(good.read_bytes())
    (tmp_path / name).write_bytes(wrapped)
    for ended in (
        run("audit", tmp_path / name, "--subject", subject, "--format", "json"),
        run("audit", "-", "--subject", subject, "--format", "json", stdin=wrapped),
    ):
        assert (ended.status, ended.err) == (0, "")
        document = json.loads(ended.out)
        assert document["coverage"]["exchanges"] == 2
        assert document["inputs"][0]["size"] == len(wrapped)
        assert {finding["value_id"] for finding in document["findings"]} == {"imei-1"}


def test_of_several_inputs_a_broken_one_stays_a_problem(tmp_path: Path, good: Path, subject: Path) -> None:
    broken = tmp_path / "broken.har"
    broken.write_bytes(b"<html>")
    ended = run("audit", good, broken, "gone.har", "--subject", subject, "--format", "json", cwd=tmp_path)
    assert ended.status == 0
    document = json.loads(ended.out)
    assert len(document["inputs"]) == 3
    assert {Path(problem["where"]).name for problem in document["problems"]} == {"broken.har", "gone.har"}
    assert run("audit", good, broken, "--subject", subject, "--strict", cwd=tmp_path).status == 3


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path, good: Path, subject: Path) -> None:
    folder = tmp_path / "recordings"
    (folder / "b").mkdir(parents=True)
    for name in ("z.har", "a.har", "b/c.har"):
        (folder / name).write_bytes(good.read_bytes())
    (folder / "notes.txt").write_text("no capture")
    (folder / "empty.har").write_bytes(b"")
    ended = run("audit", folder, "--subject", subject, "--format", "json")
    assert ended.status == 0
    document = json.loads(ended.out)
    names = [str(Path(one["path"]).relative_to(folder)) for one in document["inputs"]]
    assert names == ["a.har", "empty.har", "z.har", "b/c.har"]
    assert document["coverage"]["exchanges"] == 6


@pytest.mark.parametrize("name", ["r.json", "r.html", "r.csv", "r.txt"])
def test_results_go_to_a_file_whole_and_for_its_owner_only_when_revealed(
    tmp_path: Path, good: Path, subject: Path, name: str
) -> None:
    target = tmp_path / name
    masked = run("audit", good, "--subject", subject, "-o", target)
    assert (masked.status, masked.out) == (0, "")
    assert IMEI not in target.read_text(encoding="utf-8")
    revealed = run("audit", good, "--subject", subject, "-o", target, "--reveal")
    assert (revealed.status, revealed.out) == (0, "")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    if name in ("r.json", "r.html"):
        assert IMEI in target.read_text(encoding="utf-8")


def test_a_place_that_cannot_be_written_ends_with_2(tmp_path: Path, good: Path, subject: Path) -> None:
    ended = run("audit", good, "--subject", subject, "-o", tmp_path / "gone" / "r.json")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("phonehome: ")
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("command", [["audit", "--format", "json"], ["exchanges", "--bodies"]])
def test_a_reader_that_has_enough_is_no_fault(tmp_path: Path, command: list[str]) -> None:
    capture = tmp_path / "long.har"
    body = "x" * 3000 + f" {IMEI}"
    capture.write_bytes(har(*(entry(f"https://h{i}.example.com/", body=body) for i in range(400))))
    script = '"$@" | head -n 1 > /dev/null; exit "${PIPESTATUS[0]}"'
    done = subprocess.run(
        ["bash", "-c", script, "bash", PHONEHOME, *command, capture], capture_output=True, check=False
    )
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    assert b"fault" not in done.stderr


def test_an_interrupt_ends_with_130_and_leaves_no_draft(tmp_path: Path, subject: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    program: list[str | Path] = [PHONEHOME, "audit", "pipe", "--subject", subject, "-o", "report.json"]
    process = subprocess.Popen(program, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    # It waits for the rest of a recording that never comes, in the middle of its work.
    with (tmp_path / "pipe").open("wb") as pipe:
        pipe.write(har(entry(), entry())[:-2])
        pipe.flush()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == b""
    assert err.decode().strip() == "phonehome: interrupted"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pipe", "subject.yaml"]


def test_exchanges_of_a_wrapped_folder_come_out_as_a_har_that_is_audited_alike(
    tmp_path: Path, good: Path, subject: Path
) -> None:
    written = run("exchanges", good, "--format", "har")
    assert (written.status, written.err) == (0, "")
    first = run("audit", good, "--subject", subject, "--format", "csv")
    again = run("audit", "-", "--subject", subject, "--format", "csv", stdin=written.out.encode())
    assert first.out == again.out


def test_the_demo_prints_what_the_readme_shows(tmp_path: Path) -> None:
    done = subprocess.run(
        [PHONEHOME.with_name("python"), "-m", "phonehome.demo"],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0
    shown = README.read_text(encoding="utf-8").partition("$ make demo\n")[2].partition("```")[0]
    printed = [line.rstrip() for line in done.stdout.splitlines()]
    begin = printed.index(shown.splitlines()[0])
    assert printed[begin : begin + len(shown.splitlines())] == shown.splitlines()


def test_a_folder_that_is_gone_ends_in_a_sentence(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    command = f'cd "{gone}" && rmdir "{gone}" && "{PHONEHOME}" audit good.har -o report.html'
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("phonehome: ")
    assert "fault" not in done.stderr
