"""Round-trip times of handshakes are those that tshark measures, and are the same whoever reads them."""

import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from pcap_writer import CLIENT, SERVER, Conversation, Packet, pcap

from cases import CAPTURES
from phonehome.audit import audit
from phonehome.documents.audit import DestinationCoverage
from phonehome.model.account import Account
from phonehome.readers import ReadingOptions, iter_inputs, read_inputs

FIELDS = ("tcp.stream", "ip.src", "ipv6.src", "tcp.srcport", "tcp.flags", "tcp.analysis.ack_rtt")
SYN, ACK = 2, 16
SPLIT = "suricata-tcp-split-handshake-02-5whs"
"""The server answers a SYN with a SYN of its own: tshark measures the answer to that, which is no round trip."""
SOME = CAPTURES[::6]
"""Enough for every run; all of them take a minute."""


def accounts(*paths: Path, workers: int = 1) -> Iterator[Account]:
    for reading in read_inputs(iter_inputs([str(path) for path in paths]), ReadingOptions(workers=workers)):
        yield from (item for item in reading if isinstance(item, Account))


def times(*paths: Path, workers: int = 1) -> Counter[tuple[str | None, int | None, int]]:
    return Counter(
        (item.address, item.port, item.round_trip_us)
        for item in accounts(*paths, workers=workers)
        if item.round_trip_us is not None
    )


def times_of_tshark(path: Path) -> Counter[tuple[str | None, int | None, int]]:
    """Of the answers in streams that hold one SYN, the time since what they acknowledge."""
    command = ["tshark", "-r", str(path), "-Y", "tcp.flags.syn == 1", "-T", "fields", "-E", "occurrence=f"]
    command += [word for field in FIELDS for word in ("-e", field)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60, text=True)
    asked: dict[str, list[tuple[str, int]]] = defaultdict(list)
    answered: dict[str, tuple[str, int, int]] = {}
    for line in done.stdout.splitlines():
        stream, v4, v6, port, flags, seconds = line.split("\t")
        end = (v4 or v6, int(port))
        if not int(flags, 16) & ACK:
            asked[stream].append(end)
        elif seconds and stream not in answered:
            answered[stream] = (*end, round(float(seconds) * 1_000_000_000) // 1000)
    return Counter(found for stream, found in answered.items() if len(asked[stream]) == 1)


@pytest.mark.needs_tool("tshark")
@pytest.mark.parametrize(
    "capture",
    [pytest.param(path, marks=() if path in SOME else pytest.mark.soak) for path in CAPTURES],
    ids=[path.stem for path in CAPTURES],
)
def test_tshark_measures_the_same(capture: Path) -> None:
    expected = times_of_tshark(capture)
    assert times(capture) == (Counter() if capture.stem == SPLIT else expected)


@pytest.mark.needs_tool("tshark")
def test_the_real_captures_hold_handshakes_to_compare() -> None:
    assert sum(len(times_of_tshark(capture)) > 0 for capture in SOME) >= 5


def visits(count: int) -> list[Packet]:
    """One connection after another, each with a longer round trip than the last, from 1 ms on."""
    packets: list[Packet] = []
    for number in range(count):
        talk = Conversation(ends=(("192.168.7.20", 40_000 + number), ("198.51.100.1", 80)))
        talk.time_ns += number * 10**9
        packets.append(talk._next(CLIENT, SYN))
        talk.time_ns += number * 1_000_000
        packets += [talk._next(SERVER, SYN | ACK), talk._next(CLIENT, ACK)]
        packets += talk.send(CLIENT, b"GET /%d HTTP/1.1\r\nHost: a.example\r\n\r\n" % number)
        packets += [*talk.send(SERVER, b"HTTP/1.1 204 No Content\r\n\r\n"), *talk.close()]
    return packets


def row_of(*paths: Path) -> DestinationCoverage:
    (row,) = audit([str(path) for path in paths]).coverage.by_destination
    return row


def test_a_destination_has_the_spread_of_its_handshakes(tmp_path: Path) -> None:
    (tmp_path / "a.pcap").write_bytes(pcap(visits(11)))
    found = row_of(tmp_path / "a.pcap").round_trips
    assert found is not None
    assert json.loads(found.model_dump_json()) == {
        "count": 11,
        "minimum": 1.0,
        "p10": 2.0,
        "median": 6.0,
        "p90": 10.0,
        "maximum": 11.0,
    }


def test_files_of_one_recording_and_several_workers_give_the_same(tmp_path: Path) -> None:
    packets = visits(30)
    (tmp_path / "whole.pcap").write_bytes(pcap(packets))
    cut = next(
        at for at in range(40, len(packets)) if packets[at].time_ns - packets[at - 1].time_ns > 5_000_000
    )
    parts = [tmp_path / "cap_00001_20260225061320.pcap", tmp_path / "cap_00002_20260225061333.pcap"]
    for path, part in zip(parts, (packets[:cut], packets[cut:]), strict=True):
        path.write_bytes(pcap(part))
    whole = times(tmp_path / "whole.pcap")
    assert whole.total() == 30
    assert times(*parts) == whole
    assert times(tmp_path / "whole.pcap", workers=2) == whole
    assert row_of(*parts).round_trips == row_of(tmp_path / "whole.pcap").round_trips


def test_what_others_open_towards_the_handset_is_not_measured(tmp_path: Path) -> None:
    packets = visits(3)
    inward = Conversation(ends=(("198.51.100.9", 50_000), ("192.168.7.20", 8_080)))
    packets += [*inward.open(), *inward.send(CLIENT, b"GET / HTTP/1.1\r\nHost: p\r\n\r\n")]
    packets += [*inward.send(SERVER, b"HTTP/1.1 204 No Content\r\n\r\n"), *inward.close()]
    (tmp_path / "a.pcap").write_bytes(pcap(packets))
    assert {address for address, _, _ in times(tmp_path / "a.pcap")} == {"198.51.100.1"}
