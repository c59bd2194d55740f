"""Hostile captures: whatever the bytes are, faults come out, and no exception but the declared one."""

import io
import random
from pathlib import Path

import pytest
from capture_bytes import (
    app_block,
    enhanced,
    ethernet,
    interface,
    ipv4,
    ipv6,
    option,
    pcap,
    section,
    simple,
    tcp,
    udp,
    with_trailer,
)
from hypothesis import given
from hypothesis import strategies as st

from cases import CAPTURES
from phonehome.model.errors import InputError
from phonehome.wire.capture import Fault, Window, read_capture
from phonehome.wire.ip import IpLayer
from phonehome.wire.link import strip_link

RECORDED = [path for path in CAPTURES if path.stat().st_size < 4000]
FRAGMENTS = [
    ipv4(udp(bytes(88)), protocol=17, fragment=0x2000),
    ipv4(bytes(16), protocol=17, fragment=12),
    ipv6(b"\x11\0\0\1\0\0\0\1" + udp(bytes(8)), protocol=44),
    ipv4(ipv6(tcp(b"tunnel")), protocol=41),
    ipv4(udp(b"\x30\xff\0\x1c\0\0\0\1" + ipv4(tcp(b"gtp")), destination=2152), protocol=17),
]
WRITTEN = [
    pcap([ethernet(packet) for packet in FRAGMENTS]),
    pcap([with_trailer(packet, 10123, "App") for packet in FRAGMENTS]),
    section()
    + interface(link=101, options=option(2, b"wlan0") + option(9, b"\x09"))
    + app_block(10123, "org.example", "Example")
    + b"".join(enhanced(packet, options=option(1, b"u-10123")) for packet in FRAGMENTS)
    + simple(FRAGMENTS[3]),
]
MUTATIONS = 60
"""How many damaged copies of each small capture are read."""


def read_all(data: bytes, window_bytes: int = 1 << 24) -> tuple[int, int]:
    """Read a capture to its end, checking that no column leads outside; give packets and faults."""
    layer = IpLayer()
    packets = faults = 0
    for item in read_capture(io.BytesIO(data), window_bytes=window_bytes):
        if isinstance(item, Fault):
            faults += 1
        if not isinstance(item, Window):
            continue
        packets += len(item)
        assert ((item.start >= 0) & (item.start + item.captured <= len(item.buffer))).all()
        assert (item.original >= item.captured).all()
        frames = strip_link(item)
        assert ((frames.start <= frames.end) & (frames.cut >= 0)).all()
        segments = layer.strip(frames)
        for some in (segments, segments.other):
            if some is not None:
                assert ((some.start >= 0) & (some.start <= some.end)).all()
                assert ((some.end <= len(some.buffer)) & (some.cut >= 0)).all()
                assert ((some.app >= -1) & (some.app < max(len(some.apps.known), 1))).all()
    layer.finish()
    return packets, faults


def try_all(data: bytes) -> None:
    try:
        read_all(data)
    except InputError:
        return


@pytest.mark.parametrize("place", range(len(WRITTEN)))
def test_a_capture_cut_at_any_byte_gives_the_rest_and_a_fault(place: int) -> None:
    data = WRITTEN[place]
    whole = read_all(data)[0]
    before = 0
    for size in range(len(data)):
        try:
            packets, _ = read_all(data[:size])
        except InputError:
            assert size < 24
            continue
        assert before <= packets <= whole
        before = packets


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_a_recorded_capture_cut_at_many_places_is_read(path: Path) -> None:
    data = path.read_bytes()
    for size in range(0, len(data), max(len(data) // 80, 1)):
        try_all(data[:size])


def damage(data: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(damaged))
        match chance.randrange(4):
            case 0:
                damaged[at] = chance.randrange(256)
            case 1:
                damaged[at] = chance.choice((0, 0xFF, 0x7F, 0x80))
            case 2:
                del damaged[at : at + chance.randint(1, 9)]
            case _:
                damaged[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 9)))
        if not damaged:
            break
    return bytes(damaged)


@pytest.mark.parametrize("place", range(len(WRITTEN)))
def test_a_damaged_capture_is_read(place: int) -> None:
    chance = random.Random(place)
    for _ in range(MUTATIONS * 10):
        try_all(damage(WRITTEN[place], chance))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_a_damaged_recorded_capture_is_read(path: Path) -> None:
    chance = random.Random(path.name)
    data = path.read_bytes()
    for _ in range(MUTATIONS):
        try_all(damage(data, chance))


@given(st.binary(max_size=300))
def test_any_bytes_behind_a_pcap_header_are_read(data: bytes) -> None:
    read_all(pcap([]) + data)


@given(st.binary(max_size=300))
def test_any_bytes_behind_a_section_header_are_read(data: bytes) -> None:
    read_all(section() + interface() + data)


@given(
    st.lists(st.binary(max_size=120), max_size=12),
    st.sampled_from([0, 1, 9, 101, 105, 113, 127, 149, 239, 258, 276]),
)
def test_any_packets_of_any_link_type_are_read(packets: list[bytes], link: int) -> None:
    assert read_all(pcap(packets, link=link)) == (len(packets), 0)


@given(st.lists(st.binary(max_size=120), max_size=8), st.integers(1, 400))
def test_windows_of_any_size_hold_the_same_packets(packets: list[bytes], window_bytes: int) -> None:
    data = section() + interface() + b"".join(enhanced(packet) for packet in packets)
    assert read_all(data, window_bytes) == (len(packets), 0)
    assert read_all(pcap(packets), window_bytes) == (len(packets), 0)
