"""Every capture among the cases gives the packets that tshark sees, to the number, the time and the length."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from wire_columns import address, items

from cases import CAPTURES
from phonehome.wire.capture import Window
from phonehome.wire.ip import IpLayer
from phonehome.wire.link import strip_link

FIELDS = (
    "frame.number",
    "frame.time_epoch",
    *("ip.src", "ip.dst", "ipv6.src", "ipv6.dst"),
    *("tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport"),
    *("tcp.seq_raw", "tcp.len", "udp.length"),
)
OPTIONS = (
    "tcp.relative_sequence_numbers:FALSE",
    "ip.defragment:TRUE",
    "ipv6.defragment:TRUE",
    "tcp.desegment_tcp_streams:FALSE",
)

Row = tuple[int, str, str, int, int, int, int | None, int]
"""Time, addresses, protocol, ports, sequence number (TCP's), length of the payload."""

BEYOND = (
    "its UDP length reaches beyond the IP packet: tshark repeats what it says, we keep to what there can be"
)
FRACTION = "its fraction of a second is more than one: tshark's overflows 32 bits, ours adds up"
FUZZ = "pcpp-clusterfuzz-testcase-"

EXPLAINED: dict[str, dict[int, str]] = {
    f"{FUZZ}FuzzTarget-5188876846235648.pcap": {1: FRACTION},
    f"{FUZZ}minimized-FuzzTarget-4672344017862656.pcap": {1: f"{FRACTION}; {BEYOND}"},
    f"{FUZZ}minimized-FuzzTarget-4829420752470016.pcap": {1: FRACTION},
    f"{FUZZ}minimized-FuzzTarget-4981601846820864.pcap": {1: FRACTION},
    f"{FUZZ}minimized-FuzzTarget-5114733584449536.pcap": {1: f"{FRACTION}; {BEYOND}"},
    f"{FUZZ}minimized-FuzzTarget-5204104585674752.pcap": {1: f"{FRACTION}; {BEYOND}"},
    f"{FUZZ}minimized-FuzzTarget-5421416466481152.pcap": {1: f"{FRACTION}; {BEYOND}"},
    f"{FUZZ}minimized-FuzzTarget-5487001111429120.pcap": {1: FRACTION},
    "suricata-ipv4-truncated.pcap": {1: BEYOND},
    "tcpdump-LINKTYPE_IPV6_invalid.pcap": {
        1: "raw IPv6 by its link type, IPv4 by its version, which we go by"
    },
    "tcpdump-bigtcp-ipv6.pcap": {1: "tshark 4.0 does not read jumbograms that TCP was joined into"},
    "tcpdump-quic_32_bit_pointer_overflow.pcap": {
        1: "its UDP length is 0: as of a jumbogram, the rest counts"
    },
    "tcpdump-timestamp_invalid_micro.pcap": {3: FRACTION},
    "tcpdump-timestamp_invalid_nano.pcap": {3: FRACTION},
    "tcpdump-udp-length-heapoverflow.pcap": {
        1: "its UDP header is cut: tshark shows the ports that are left"
    },
    "zeek-383379789-decrypt-crash.pcap": {3: BEYOND, 7: BEYOND},
    "zeek-pbb-recursive-frames.pcapng": {
        1: "Ethernet inside provider backbone bridging is counted, not read"
    },
}


def iter_ours(path: Path) -> Iterator[tuple[int, Row]]:
    layer = IpLayer()
    for window in items(path.read_bytes()):
        if not isinstance(window, Window):
            continue
        some = layer.strip(strip_link(window))
        for row in range(len(some)):
            protocol = int(some.protocol[row])
            yield (
                int(some.number[row]),
                (
                    int(some.time[row]),
                    address(int(some.src_high[row]), int(some.src_low[row])),
                    address(int(some.dst_high[row]), int(some.dst_low[row])),
                    protocol,
                    int(some.src_port[row]),
                    int(some.dst_port[row]),
                    int(some.sequence[row]) if protocol == 6 else None,
                    int(some.end[row] - some.start[row] + some.cut[row]),
                ),
            )


def iter_theirs(path: Path) -> Iterator[tuple[int, Row]]:
    # Of headers inside one another (tunnels), the last counts.
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "separator=|", "-E", "occurrence=l"]
    for field in FIELDS:
        command += ["-e", field]
    for option in OPTIONS:
        command += ["-o", option]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    for line in ended.stdout.splitlines():
        value = dict(zip(FIELDS, line.split("|"), strict=True))
        seconds, _, fraction = value["frame.time_epoch"].partition(".")
        time = int(seconds or 0) * 10**9 + int(fraction.ljust(9, "0") or 0)
        ends = value["ip.src"] or value["ipv6.src"], value["ip.dst"] or value["ipv6.dst"]
        row: Row
        if value["tcp.srcport"] and value["tcp.len"]:
            ports = int(value["tcp.srcport"]), int(value["tcp.dstport"])
            row = (time, *ends, 6, *ports, int(value["tcp.seq_raw"]), int(value["tcp.len"]))
        elif value["udp.srcport"]:
            ports = int(value["udp.srcport"]), int(value["udp.dstport"])
            row = (time, *ends, 17, *ports, None, int(value["udp.length"] or 8) - 8)
        else:
            continue
        yield int(value["frame.number"]), row


@pytest.mark.heavy
@pytest.mark.needs_tool("tshark")
@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=() if path.name in EXPLAINED or not number % 3 else pytest.mark.soak)
        for number, path in enumerate(CAPTURES)
    ],
    ids=[path.name for path in CAPTURES],
)
def test_a_capture_gives_the_packets_that_tshark_sees(path: Path) -> None:
    ours, theirs = dict(iter_ours(path)), dict(iter_theirs(path))
    numbers = ours.keys() | theirs.keys()
    different = {number for number in numbers if ours.get(number) != theirs.get(number)}
    assert different == set(EXPLAINED.get(path.name, {}))


def test_each_explained_difference_is_of_a_capture_among_the_cases() -> None:
    assert {path.name for path in CAPTURES} >= set(EXPLAINED)
    assert len(CAPTURES) > 150
