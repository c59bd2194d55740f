"""What is wrong with a recording is named in the problems, and the rest of it is audited."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from command_line import IMEI, SUBJECT_TEXT, Ended, run
from pcap_writer import CLIENT, SERVER, Conversation, Packet, block, cut, option, pcap, pcapng

CASES = Path(__file__).parents[2] / "cases"
ASK = f"GET /?imei={IMEI} HTTP/1.1\r\nHost: a.example\r\n\r\n".encode()
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + bytes(2_000)
OTHER_KEYS_OF_TLS_1_3 = "".join(
    f"{label} {'5e' * 32} {'a7' * 32}\n"
    for label in (
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
        "EXPORTER_SECRET",
    )
)
OTHER_KEYS = f"CLIENT_RANDOM {'ab' * 32} {'cd' * 48}\n"


def talk() -> list[Packet]:
    """A connection in which the IMEI is sent."""
    one = Conversation()
    return [*one.open(), *one.send(CLIENT, ASK), *one.send(SERVER, ANSWER), *one.close()]


def audit(folder: Path, data: bytes, *options: str) -> tuple[Ended, dict[str, Any]]:
    """Audit a capture by the real program; gives how it ended, and its document."""
    (folder / "a.pcap").write_bytes(data)
    (folder / "subject.yaml").write_text(SUBJECT_TEXT)
    arguments = ["audit", "a.pcap", "--subject", "subject.yaml", "--format", "json", *options]
    ended = run(*arguments, cwd=folder)
    return ended, json.loads(ended.out) if ended.out else {}


def reasons(document: dict[str, Any], *, lost: bool | None = None) -> str:
    """The problems' reasons, one a line; only those that lost something, or none of them."""
    return "\n".join(
        problem["reason"] for problem in document["problems"] if lost is None or problem["lost"] is lost
    )


def found(document: dict[str, Any]) -> set[str]:
    return {finding["value_id"] for finding in document["findings"]}


def test_a_sound_capture_has_no_problems(tmp_path: Path) -> None:
    ended, document = audit(tmp_path, pcap(talk()), "--strict")
    assert ended.status == 0
    assert document["problems"] == []
    assert found(document) == {"imei-1"}
    assert document["inputs"][0]["format"] == "pcap"
    assert document["inputs"][0]["handset"]["addresses"] == ["192.168.7.20"]


def test_packets_cut_by_a_snap_length_are_named_and_their_beginnings_audited(tmp_path: Path) -> None:
    ended, document = audit(tmp_path, pcap(cut(talk(), 160)))
    assert ended.status == 0
    assert found(document) == {"imei-1"}
    assert "2 packets were recorded only in part (by a snap length): " in reasons(document, lost=True)
    assert audit(tmp_path, pcap(cut(talk(), 160)), "--strict")[0].status == 3


def test_a_missing_segment_is_named_and_the_rest_audited(tmp_path: Path) -> None:
    packets = talk()
    del packets[4]
    _, document = audit(tmp_path, pcap(packets))
    assert found(document) == {"imei-1"}
    assert "bytes of 1 connections are missing from the recording (1,400 in all" in reasons(
        document, lost=True
    )


@pytest.mark.parametrize("keys", [OTHER_KEYS, OTHER_KEYS_OF_TLS_1_3], ids=["1.2", "1.3"])
def test_keys_of_another_session_are_named_and_the_rest_audited(tmp_path: Path, keys: str) -> None:
    (tmp_path / "keys.log").write_text(keys)
    closed = (CASES / "pcap-snet-tls1_2" / "snet-tls1_2.pcap").read_bytes()
    (tmp_path / "closed.pcap").write_bytes(closed)
    (tmp_path / "clear.pcap").write_bytes(pcap(talk()))
    arguments = ["audit", "clear.pcap", "closed.pcap", "--keylog", "keys.log", "--format", "json"]
    ended = run(*arguments, cwd=tmp_path)
    document = json.loads(ended.out)
    assert ended.status == 0
    assert "the key log fits no connection" in reasons(document)
    assert document["coverage"]["exchanges"] == 1
    assert any(row["closed"] for row in document["coverage"]["by_destination"])


@pytest.mark.parametrize(
    "text",
    ["hello\n", "<html></html>", "-----BEGIN PRIVATE KEY-----\n", "\0\1\2", "CLIENT_RANDOM 12 34\n"],
)
@pytest.mark.parametrize("command", ["audit", "exchanges"])
def test_a_key_log_that_is_none_is_refused_with_a_sentence(tmp_path: Path, text: str, command: str) -> None:
    (tmp_path / "a.pcap").write_bytes(pcap(talk()))
    (tmp_path / "keys.log").write_text(text)
    ended = run(command, "a.pcap", "--keylog", "keys.log", cwd=tmp_path)
    assert (ended.status, ended.out) == (2, "")
    assert "keys.log" in ended.err
    assert "SSLKEYLOGFILE" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_key_log_is_told_and_the_capture_audited(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys.log").write_text(text)
    ended, document = audit(tmp_path, pcap(talk()), "--keylog", "keys.log")
    assert ended.status == 0
    assert "keys.log: is empty" in ended.err
    assert found(document) == {"imei-1"}


@pytest.mark.parametrize("begin", [0, 3_600])
def test_a_clock_in_1970_is_named_and_the_rest_audited(tmp_path: Path, begin: int) -> None:
    packets = [replace(packet, time_ns=begin * 10**9 + at) for at, packet in enumerate(talk())]
    ended, document = audit(tmp_path, pcap(packets, nanoseconds=True), "--strict")
    assert ended.status == 0  # nothing was lost
    assert found(document) == {"imei-1"}
    assert f"{len(packets)} of {len(packets)} packets have no time, or one before 1980" in reasons(
        document, lost=False
    )


@pytest.mark.parametrize("seconds", [0, 1, 2**31, 2**32 - 1])
def test_a_time_that_no_clock_shows_does_no_harm(tmp_path: Path, seconds: int) -> None:
    packets = [replace(packet, time_ns=seconds * 10**9) for packet in talk()]
    for data in (pcap(packets), pcapng(packets)):
        assert found(audit(tmp_path, data)[1]) == {"imei-1"}


def two_interfaces(packets: Sequence[Packet], *, unknown: int) -> bytes:
    """A pcapng file whose second interface has a link type that nobody knows, and every packet on both."""
    data = pcapng(packets)
    head = 28
    first = int.from_bytes(data[head + 4 : head + 8], "little")
    second = block(1, unknown.to_bytes(2, "little") + bytes(6) + option(0, b""))
    known = data[head + first :]
    return data[: head + first] + second + on_second(known) + known


def on_second(blocks: bytes) -> bytes:
    """Enhanced packet blocks, moved to the second interface."""
    out, at = b"", 0
    while at < len(blocks):
        size = int.from_bytes(blocks[at + 4 : at + 8], "little")
        out += blocks[at : at + 8] + (1).to_bytes(4, "little") + blocks[at + 12 : at + size]
        at += size
    return out


def test_an_interface_without_a_known_link_type_is_named_and_the_others_audited(tmp_path: Path) -> None:
    ended, document = audit(tmp_path, two_interfaces(talk(), unknown=147))
    assert ended.status == 0
    assert found(document) == {"imei-1"}
    assert "147" in reasons(document, lost=True)
    assert f"{len(talk())} packets were not read" in reasons(document, lost=True)
    assert document["coverage"]["exchanges"] == 1


def test_a_capture_of_a_link_type_that_nobody_knows_ends_with_2_and_says_so(tmp_path: Path) -> None:
    ended, _ = audit(tmp_path, pcap(talk(), link=147))
    assert ended.status == 2
    assert "147" in ended.err + ended.out


def test_a_capture_that_ends_in_a_packet_is_read_to_there(tmp_path: Path) -> None:
    ended, document = audit(tmp_path, pcap(talk())[:-500])
    assert ended.status == 0
    assert found(document) == {"imei-1"}
    assert reasons(document, lost=True)
    assert audit(tmp_path, pcap(talk())[:-500], "--strict")[0].status == 3


@pytest.mark.parametrize("handset", ["192.0.2.99", "02:00:00:00:00:99"])
def test_a_handset_that_is_not_in_the_capture_is_said_to_be_missing(tmp_path: Path, handset: str) -> None:
    ended, _ = audit(tmp_path, pcap(talk()), "--handset", handset)
    assert ended.status == 2
    assert "other devices than the handset" in ended.err + ended.out


def test_the_values_of_the_subject_show_in_no_problem(tmp_path: Path) -> None:
    packets = talk()
    ended, document = audit(tmp_path, pcap(cut([*packets[:4], *packets[6:]], 120)))
    assert IMEI not in ended.err
    assert IMEI not in json.dumps(document)
