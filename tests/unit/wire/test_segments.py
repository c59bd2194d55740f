"""Columns of several windows joined are those of one window that holds all of them."""

import dataclasses

import numpy as np
import pytest
from capture_bytes import ipv4, ipv6, pcap, tcp, udp
from wire_columns import payloads, segments, windows

from phonehome.wire.ip import IpLayer
from phonehome.wire.link import strip_link
from phonehome.wire.segments import Segments, join_segments

_MORE = 0x2000
ICMP = 1


DATAGRAM = udp(b"in pieces, over the border " * 4)
PACKETS = [
    ipv4(tcp(b"one")),
    ipv4(b"\x08\0\0\0an echo", protocol=ICMP),
    ipv6(tcp(b"two", sequence=77)),
    ipv4(DATAGRAM[:40], protocol=17, fragment=_MORE),
    ipv4(tcp(b"three")),
    ipv4(DATAGRAM[40:], protocol=17, fragment=40 // 8),
    b"\x45cut",
    ipv4(udp(b"four"), protocol=17),
    ipv4(b"\x08\0\0\0another", protocol=ICMP),
]


def by_window(data: bytes, window_bytes: int) -> list[Segments]:
    layer = IpLayer()
    return [layer.strip(strip_link(window)) for window in windows(data, window_bytes)]


@pytest.mark.parametrize("window_bytes", [64, 130, 300, 1 << 20])
def test_joined_windows_are_as_one_window(window_bytes: int) -> None:
    data = pcap(PACKETS, link=101)
    whole, joined = segments(data), join_segments(by_window(data, window_bytes))
    assert payloads(whole) == [b"one", b"two", b"three", DATAGRAM[8:], b"four"]
    for some, expected in ((joined, whole), (joined.other, whole.other)):
        assert some is not None
        assert expected is not None
        assert payloads(some) == payloads(expected)
        for field in dataclasses.fields(Segments):
            value = getattr(expected, field.name)
            if isinstance(value, np.ndarray) and field.name not in ("start", "end"):
                assert getattr(some, field.name).tolist() == value.tolist(), field.name
    assert joined.unread == whole.unread == {"an IPv4 header is cut": 1}


def test_a_stretch_that_several_windows_share_is_not_copied_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phonehome.wire.capture.pcap.MAX_WINDOW_PACKETS", 2)
    data = pcap([PACKETS[0], PACKETS[2], PACKETS[4], PACKETS[7]], link=101)
    parts = by_window(data, 1 << 20)
    assert len(parts) == 2
    joined = join_segments(parts)
    assert payloads(joined) == [b"one", b"two", b"three", b"four"]
    assert len(joined.buffer) == len(data)
