"""A recording that lies in several files gives what it gives in one, by the real program and the real tools."""

import getpass
import hashlib
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from command_line import IMEI, SUBJECT_TEXT, run
from pcap_writer import CLIENT, SERVER, Conversation, pcap
from rotated import every, numbered, write
from small_captures import run_tshark

CASES = Path(__file__).parents[2] / "cases"
NAMES = {
    "TLS 1.3 and HTTP/2 with secrets inside": "pcap-pcap2har-firefox-tls13-facebook-dsb",
    "HTTP/2 in clear": "pcap-pcap2har-http2-dump",
    "TLS with a key log": "pcap-mercury-test_decrypt",
}


def exchanges(*arguments: str | Path) -> list[dict[str, Any]]:
    ended = run("exchanges", "--bodies", *arguments)
    assert ended.status == 0, ended.err
    return [json.loads(line) for line in ended.out.splitlines()]


def find_case(name: str) -> tuple[Path, list[str | Path]]:
    """A capture and the options that open it."""
    folder = CASES / NAMES[name]
    [capture] = [path for path in folder.iterdir() if path.suffix in (".pcap", ".pcapng")]
    return capture, [word for path in folder.glob("*.keylog") for word in ("--keylog", path)]


def call(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=120)


@pytest.mark.needs_tool("editcap")
@pytest.mark.needs_tool("mergecap")
@pytest.mark.parametrize("name", NAMES)
def test_what_editcap_splits_is_read_as_one_and_numbered_as_what_mergecap_joins(
    name: str, tmp_path: Path
) -> None:
    capture, keys = find_case(name)
    parts = write(tmp_path / "parts", {})
    call("editcap", "-c", "30", capture, parts / "cap.pcapng")
    assert len(list(parts.iterdir())) > 3
    together = exchanges(parts, *keys)
    assert together
    assert together == exchanges(capture, *keys)
    joined = tmp_path / "joined.pcapng"
    call("mergecap", "-a", "-w", joined, *sorted(parts.iterdir()))
    assert together == exchanges(joined, *keys)


@pytest.mark.needs_tool("tcpdump")
def test_what_tcpdump_rotates_by_size_is_read_as_one(tmp_path: Path) -> None:
    body = bytes(range(256)) * 8_400
    one = Conversation()
    sent = b"POST /up HTTP/1.1\r\nHost: a.example\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    (capture := tmp_path / "whole.pcap").write_bytes(
        pcap([*one.open(), *one.send(CLIENT, sent), *one.close()])
    )
    parts = write(tmp_path / "parts", {})
    # Started by root, tcpdump would write as a user of its own, who may not write here.
    call("tcpdump", "-Z", getpass.getuser(), "-r", capture, "-C", "1", "-w", parts / "cap.pcap")
    assert sorted(path.name for path in parts.iterdir()) == ["cap.pcap", "cap.pcap1", "cap.pcap2"]
    [together] = exchanges(parts)
    assert together["request"]["sha256"] == hashlib.sha256(body).hexdigest()
    assert [together] == exchanges(capture)


def ask(number: int) -> bytes:
    return f"GET /{number}?imei={IMEI} HTTP/1.1\r\nHost: a.example\r\n\r\n".encode()


def talk(count: int) -> Sequence[Any]:
    """Requests on one connection, in each of which the IMEI is sent."""
    one = Conversation(mss=40)
    packets = one.open()
    for number in range(count):
        packets += one.send(CLIENT, ask(number))
        packets += one.send(SERVER, b"HTTP/1.1 204 No Content\r\n\r\n")
    return [*packets, *one.close()]


@pytest.mark.needs_tool("mergecap")
@pytest.mark.needs_tool("tshark")
def test_a_finding_in_two_files_has_a_display_filter_for_the_joined_recording(tmp_path: Path) -> None:
    files = numbered(every(pcap(talk(6)), 4), f"phone-{IMEI}-%d.pcap")
    folder = write(tmp_path / "parts", files)
    (tmp_path / "subject.yaml").write_text(SUBJECT_TEXT)
    ended = run("audit", folder, "--subject", tmp_path / "subject.yaml", "--format", "json", "--strict")
    assert ended.status == 0, ended.err
    assert IMEI not in ended.out
    document = json.loads(ended.out)
    assert [Path(one["path"]).name for one in document["inputs"]] == [
        f"phone-‹imei-1›-{number}.pcap" for number in range(len(files))
    ]
    assert {one["lost"] for one in document["problems"]} == {False}
    assert len(document["problems"]) == len(files) - 1
    found = document["findings"]
    assert len(found) == 6
    joined = tmp_path / "joined.pcapng"
    call("mergecap", "-a", "-w", joined, *(folder / name for name in files))
    for number, finding in enumerate(found):
        where = finding["exchange"]
        lies_in = document["inputs"][(where["packets"][0] - 1) // 4]["path"]
        assert (where["index"], where["input"]) == (number, lies_in)
        shown = run_tshark(joined, f"-Y={where['display_filter']}", "http.request.uri")
        assert "".join(uri for [uri] in shown).startswith(f"/{number}?imei=")


def test_files_in_which_nothing_continues_are_read_one_by_one(tmp_path: Path) -> None:
    capture = pcap(talk(2))
    folder = write(tmp_path / "parts", {"run1.pcap": capture, "run2.pcap": capture})
    ended = run("exchanges", folder)
    assert [json.loads(line)["index"] for line in ended.out.splitlines()] == [0, 1, 0, 1]
    assert ended.err == ""
