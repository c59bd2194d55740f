"""Every damaged capture ends in exchanges or in problems: never a crash, never for ever, never in silence."""

import json
import random
import time
from pathlib import Path

import pytest
from pcap_writer import CLIENT, Conversation, Packet, pcap
from read_packets import Took, take

from cases import CAPTURES, CASES
from phonehome.cli.main import main

SMALL = (
    "pcap-pcpp-PartialHttpRequest/pcpp-PartialHttpRequest.pcap",
    "pcap-pcapng-gen-le-test202/pcapng-gen-le-test202.pcapng",
    "pcap-zeek-truncated-header/zeek-truncated-header.pcap",
)
MAX_SECONDS = 60
"""Far above what any of them takes: a bound against what does not end, not a measure of speed."""

MUTATIONS = 25
PHONE = "192.168.7.20"


def name(path: Path) -> str:
    return path.parent.name.removeprefix("pcap-")


def assert_numbered(took: Took) -> None:
    """No index stands twice, and each part of an exchange is of this recording.

    One may be left out: what looked like a request at the end of a window, and then was none.
    """
    assert len({one.index for one in took.exchanges}) == len(took.exchanges)
    assert all(one.packets for one in took.exchanges)


def test_there_are_hostile_captures() -> None:
    assert len(CAPTURES) >= 190


@pytest.mark.parametrize("path", CAPTURES, ids=name)
def test_exchanges_of_any_capture_are_written(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    status = main(["exchanges", str(path), "--bodies"])
    out, err = capsys.readouterr()
    assert time.monotonic() - began < MAX_SECONDS
    assert "Traceback" not in err
    lines = [json.loads(line) for line in out.splitlines()]
    assert status == (0 if lines else 2), err
    assert lines or err, "neither an exchange nor a word"
    assert sorted(line["index"] for line in lines) == list(range(len(lines)))  # none twice, none left out


def test_all_of_them_are_audited_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    report = tmp_path / "report.json"
    status = main(["audit", *map(str, CAPTURES), "--format", "json", "-o", str(report)])
    assert status == 0, capsys.readouterr().err
    assert time.monotonic() - began < 4 * MAX_SECONDS
    document = json.loads(report.read_text())
    assert len(document["inputs"]) == len(CAPTURES)
    assert all(one["sha256"] for one in document["inputs"])
    rows = document["coverage"]["by_destination"]
    counted = sum(row["read"] + row["closed"] + row["unreadable"] + row["lost"] for row in rows)
    assert counted == document["coverage"]["bytes_up"]


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("pcapfileex-corrupted", "at byte"),
        ("tcpdump-heapoverflow-tcp_print", "recorded only in part"),
        ("suricata-http-gap-double", "are missing from the recording"),
        ("zeek-entity_gap", "are missing from the recording"),
    ],
)
def test_damage_is_named(case: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    [path] = [path for path in CAPTURES if name(path) == case]
    main(["exchanges", str(path)])
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("window_bytes", [64, 1_500, 1 << 24])
def test_the_size_of_the_windows_crashes_nothing(window_bytes: int) -> None:
    for path in CAPTURES:
        if path.stat().st_size < 20_000:
            assert_numbered(take(path.read_bytes(), window_bytes=window_bytes))


@pytest.mark.parametrize("case", SMALL)
def test_a_capture_cut_at_any_byte_is_read_to_the_cut(case: str) -> None:
    data = (CASES / case).read_bytes()
    most = len(take(data).exchanges)
    for size in range(24 if case.endswith(".pcap") else 28, len(data)):
        took = take(data[:size])
        assert len(took.exchanges) <= most + 1, size
        assert_numbered(took)


@pytest.mark.parametrize("path", [path for path in CAPTURES if path.stat().st_size < 4_000], ids=name)
def test_a_capture_with_changed_bytes_is_read(path: Path) -> None:
    """The packets are left in place, so that what is changed reaches the protocols."""
    chance = random.Random(path.name)
    data = path.read_bytes()
    if len(data) < 60:
        return
    for _ in range(MUTATIONS):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 12)):
            damaged[chance.randrange(40, len(data))] = chance.choice((0, 0xFF, 0x80, chance.randrange(256)))
        assert_numbered(take(bytes(damaged), window_bytes=chance.choice((64, 1 << 24))))


def many(kind: str, count: int) -> list[Packet]:
    """What costs a careless reader time that grows with the square."""
    one = Conversation()
    numbers = random.Random(1)
    if kind == "a port opened again and again":
        return [replace_sequence(one, numbers.randrange(2**32)).open()[0] for _ in range(count)]
    if kind == "connections that nobody answers":
        ends = [((PHONE, 1_024 + at % 60_000), (f"198.51.{at // 60_000}.1", 80)) for at in range(count)]
        return [Conversation(ends=end).open()[0] for end in ends]
    if kind == "resets":
        return [one.reset(CLIENT) for _ in range(count)]
    if kind == "single bytes, the last first":
        return [one.again(CLIENT, b"x", 2 * at) for at in range(count)]
    return [one.again(CLIENT, b"xy", 2**31 + 3 * at) for at in range(count)]


def replace_sequence(one: Conversation, sequence: int) -> Conversation:
    one.sequence[CLIENT] = sequence
    return one


@pytest.mark.parametrize(
    "kind",
    [
        "a port opened again and again",
        "connections that nobody answers",
        "resets",
        "single bytes, the last first",
        "segments of nowhere",
    ],
)
def test_many_of_a_kind_end(kind: str) -> None:
    began = time.monotonic()
    took = take(pcap(many(kind, 30_000)))
    assert time.monotonic() - began < MAX_SECONDS
    assert len(took.exchanges) <= 1
