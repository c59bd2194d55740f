"""Recordings of others with their key logs: tshark must read the same bytes out of them."""

import subprocess
from pathlib import Path

import pytest
from tls_live import read_tls

from phonehome.wire.side import Side
from phonehome.wire.tls import KeyLog

CASES = Path(__file__).parents[3] / "cases"
KEY_LOGS = {
    path.name: log
    for path in CASES.glob("pcap-*")
    for log in (
        *path.glob("*.keylog"),
        CASES / "keylogs-snet" / f"{path.name.removeprefix('pcap-snet-')}.keylog",
    )
    if log.exists() and "http3" not in path.name and "quic" not in path.name
}


def _tshark(*arguments: str) -> str:
    done = subprocess.run(["tshark", *arguments], capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def _follow(capture: Path, kind: str, streams: list[int], *options: str) -> list[list[tuple[Side, bytes]]]:
    """What `follow` shows of each stream: the second node's lines begin with a tab."""
    taps = [word for stream in streams for word in ("-z", f"follow,{kind},raw,{stream}")]
    shown = _tshark("-r", str(capture), *options, "-q", *taps)
    blocks = [block.partition("Node 1")[2].splitlines()[1:] for block in shown.split("Follow: ")[1:]]
    assert len(blocks) == len(streams)
    sides = [
        [
            (Side.SERVER if line.startswith("\t") else Side.CLIENT, bytes.fromhex(line))
            for line in lines
            if line.strip() and not line.startswith("=")
        ]
        for lines in blocks
    ]
    # tshark prints what was asked for first last.
    numbers = [int(block.partition("tcp.stream eq ")[2].split()[0]) for block in shown.split("Follow: ")[1:]]
    return [side for _, side in sorted(zip(numbers, sides, strict=True), key=lambda pair: pair[0])]


def test_there_are_captures_with_key_logs() -> None:
    assert len(KEY_LOGS) >= 15


@pytest.mark.needs_tool("tshark")
@pytest.mark.parametrize("name", sorted(KEY_LOGS))
def test_a_capture_opens_as_it_does_in_tshark(name: str) -> None:
    capture = next(path for path in (CASES / name).iterdir() if path.suffix in (".pcap", ".pcapng"))
    log = KEY_LOGS[name]
    keys = KeyLog.parse(log.read_bytes())
    listed = _tshark("-r", str(capture), "-Y", "tls && tcp", "-T", "fields", "-e", "tcp.stream")
    streams = sorted({int(number) for number in listed.split()})
    wires = _follow(capture, "tcp", streams)
    opened = _follow(capture, "tls", streams, "-o", f"tls.keylog_file:{log}")
    read = 0
    for wire, theirs in zip(wires, opened, strict=True):
        connection, said = read_tls(wire, keys)
        # tshark's first node is whoever first says something inside, which with HTTP/2 is often the server.
        expected = sorted(b"".join(data for side, data in theirs if side is each) for each in Side)
        assert sorted(piece for pieces in said for piece in (pieces or [b""])) == expected
        assert (connection.reason_closed is None) == (connection.closed == [0, 0])
        read += sum(map(len, expected))
    assert read
