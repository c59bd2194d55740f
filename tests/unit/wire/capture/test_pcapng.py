"""pcapng: sections, interfaces, kinds of blocks, time stamps, damage."""

import struct

import pytest
from capture_bytes import (
    SECONDS,
    block,
    enhanced,
    ethernet,
    interface,
    ipv4,
    option,
    section,
    simple,
    tcp,
)
from wire_columns import items, windows

from phonehome.wire.capture import CaptureItem, Fault, Names, Secrets, Window, looks_like_capture
from phonehome.wire.capture.pcapng import walk_packets

PACKETS = [ethernet(ipv4(tcp(bytes([65 + place]) * place))) for place in range(12)]


def packets_of(found: list[CaptureItem]) -> list[bytes]:
    return [
        window.buffer[start : start + size]
        for window in found
        if isinstance(window, Window)
        for start, size in zip(window.start.tolist(), window.captured.tolist(), strict=True)
    ]


def numbers_of(found: list[CaptureItem]) -> list[int]:
    return [number for window in found if isinstance(window, Window) for number in window.number.tolist()]


def faults_of(found: list[CaptureItem]) -> list[Fault]:
    return [item for item in found if isinstance(item, Fault)]


@pytest.mark.parametrize("order", ["<", ">"])
def test_packets_of_all_three_kinds_are_read(order: str) -> None:
    ticks = SECONDS * 1_000_000 + 7
    fields = struct.pack(f"{order}HHIIII", 0, 9, ticks >> 32, ticks & 0xFFFFFFFF, 3, 50)
    obsolete = block(2, fields + b"old", order=order)
    data = b"".join(
        [
            section(order=order),
            interface(order=order),
            enhanced(b"new", ticks=ticks, original=60, order=order),
            simple(b"simple", order=order),
            obsolete,
        ]
    )
    assert looks_like_capture(data)
    [window] = windows(data)
    assert packets_of([window]) == [b"new", b"simple", b"old"]
    assert window.original.tolist() == [60, 6, 50]
    assert window.time.tolist() == [ticks * 1000, 0, ticks * 1000]


def test_a_simple_packet_is_as_long_as_the_snap_length() -> None:
    [window] = windows(section() + interface(snap_length=5) + simple(b"abcde", original=50))
    assert packets_of([window]) == [b"abcde"]
    assert window.original.tolist() == [50]


@pytest.mark.parametrize(
    ("resolution", "ticks", "nanoseconds"),
    [
        (0, 1_700_000_000, 1_700_000_000 * 10**9),
        (3, 1_700_000_000_001, 1_700_000_000_001 * 10**6),
        (6, 1_700_000_000_000_001, 1_700_000_000_000_001 * 1000),
        (9, 1_700_000_000_000_000_001, 1_700_000_000_000_000_001),
        (12, 5_000_000_001_999, 5_000_000_001),
        (0x80 | 10, 1_700_000_000 * 1024 + 512, 1_700_000_000_500_000_000),
        (0x80 | 32, (1_700_000_000 << 32) + (1 << 31), 1_700_000_000_500_000_000),
        (0x80 | 40, (1_000 << 40) + (1 << 39), 1_000_500_000_000),
        (127, 2**64 - 1, 0),
        (0, 2**64 - 1, ((1 << 63) // 10**9 - 1) * 10**9),
    ],
)
def test_time_stamps_count_in_the_units_of_their_interface(
    resolution: int, ticks: int, nanoseconds: int
) -> None:
    data = section() + interface(options=option(9, bytes([resolution]))) + enhanced(b"x", ticks=ticks)
    [window] = windows(data)
    assert window.time.tolist() == [nanoseconds]


def test_each_interface_has_its_own_name_and_clock() -> None:
    slow = option(2, b"wlan0") + option(9, b"\0") + option(14, struct.pack("<q", 100)) + option(0, b"")
    data = section() + interface() + interface(link=101, options=slow)
    data += enhanced(b"a", ticks=5_000_000) + enhanced(b"b", ticks=7, interface=1)
    [window] = windows(data)
    assert window.time.tolist() == [5_000_000_000, 107_000_000_000]
    assert window.interface.tolist() == [0, 1]
    assert [one.name for one in window.interfaces] == [None, "wlan0"]
    assert [one.link for one in window.interfaces] == [1, 101]


def test_a_section_begins_with_no_interfaces_and_its_own_byte_order() -> None:
    data = section() + interface(link=1) + enhanced(b"a")
    data += section(order=">") + interface(link=101, order=">") + enhanced(b"b", order=">")
    data += section() + enhanced(b"nobody's")
    found = items(data)
    assert packets_of(found) == [b"a", b"b"]
    assert numbers_of(found) == [1, 2]
    links = [item.interfaces[0].link for item in found if isinstance(item, Window)]
    assert links == [1, 101]
    [fault] = faults_of(found)
    assert fault.reason.startswith("1 packets from number 3 on are of an interface that nobody described")


def test_names_and_secrets_come_before_the_packets() -> None:
    names = struct.pack("<HH", 1, 4 + 8) + bytes([192, 0, 2, 1]) + b"phone\0a\0"
    names += struct.pack("<HH", 2, 16 + 2) + bytes(15) + b"\1" + b"l\0" + b"\0\0" + bytes(4)
    line = b"CLIENT_RANDOM " + b"52" * 32 + b" " + b"3a" * 48
    secrets = struct.pack("<II", 0x544C534B, len(line)) + line
    found = items(section() + interface() + enhanced(b"a") + block(4, names) + block(10, secrets))
    assert found[:4] == [
        Names(address=bytes([192, 0, 2, 1]), name="phone"),
        Names(address=bytes([192, 0, 2, 1]), name="a"),
        Names(address=bytes(15) + b"\1", name="l"),
        Secrets(kind=0x544C534B, data=line),
    ]
    assert isinstance(found[3], Secrets)
    assert found[3].is_tls_key_log
    assert packets_of(found) == [b"a"]


@pytest.mark.parametrize(
    ("data", "is_fault"), [(b"garbage!", True), (b"CLIENT_RANDOM 52 3a\n", True), (b"# none yet\n", False)]
)
def test_a_key_log_without_a_line_of_one_is_a_fault(data: bytes, is_fault: bool) -> None:
    block_data = struct.pack("<II", 0x544C534B, len(data)) + data
    found = items(section() + interface() + block(10, block_data) + enhanced(b"a"))
    reasons = ["a decryption secrets block holds no line of a key log"]
    assert [fault.reason for fault in faults_of(found)] == (reasons if is_fault else [])
    assert packets_of(found) == [b"a"]


def test_secrets_are_not_shown_by_their_representation() -> None:
    assert "CLIENT" not in repr(Secrets(kind=1, data=b"CLIENT_RANDOM"))


def test_unknown_blocks_are_passed_over_and_custom_ones_count_as_wireshark_counts() -> None:
    custom = block(0x0BAD, struct.pack("<I", 32473) + b"data")
    data = section() + interface() + enhanced(b"a") + block(0x777, b"whatever") + custom
    data += block(5, bytes(12)) + block(9, b"journal") + enhanced(b"b")
    found = items(data)
    assert packets_of(found) == [b"a", b"b"]
    assert numbers_of(found) == [1, 4]
    assert not faults_of(found)


@pytest.mark.parametrize("window_bytes", [1, 64, 100, 1000])
def test_small_windows_give_the_same_packets(window_bytes: int) -> None:
    data = section() + interface() + b"".join(enhanced(packet) for packet in PACKETS)
    found = items(data, window_bytes)
    assert packets_of(found) == PACKETS
    assert numbers_of(found) == list(range(1, 13))


def test_reading_goes_on_behind_a_block_whose_lengths_differ() -> None:
    blocks = [enhanced(packet) for packet in PACKETS]
    blocks[5] = blocks[5][:-4] + b"\1\2\3\4"
    found = items(section() + interface() + b"".join(blocks))
    assert packets_of(found) == PACKETS[:5] + PACKETS[6:]
    [fault] = faults_of(found)
    assert (fault.packet, fault.ended) == (5, False)


def test_reading_goes_on_where_bytes_are_missing() -> None:
    blocks = [enhanced(packet) for packet in PACKETS]
    blocks[5] = blocks[5][:-7]
    found = items(section() + interface() + b"".join(blocks), 100)
    assert packets_of(found)[:5] == PACKETS[:5]
    assert packets_of(found)[-5:] == PACKETS[-5:]
    assert faults_of(found)


@pytest.mark.parametrize("size", [0, 4, 13, 0xFFFFFFF0])
def test_a_length_that_cannot_be_costs_only_its_block(size: int) -> None:
    data = (
        section() + interface() + enhanced(b"a") + struct.pack("<II", 6, size) + b"junk" * 4 + enhanced(b"b")
    )
    found = items(data)
    assert packets_of(found) == [b"a", b"b"]
    assert len(faults_of(found)) == 1


def test_a_packet_that_claims_more_than_its_block_has_is_read_as_far_as_it_goes() -> None:
    data = bytearray(enhanced(b"abcd"))
    struct.pack_into("<I", data, 20, 400)
    found = items(section() + interface() + bytes(data))
    assert packets_of(found) == [b"abcd"]
    assert "claim more bytes" in faults_of(found)[0].reason


def test_a_section_of_an_unknown_version_is_not_read() -> None:
    data = section(major=2) + interface() + enhanced(b"a") + section() + interface() + enhanced(b"b")
    found = items(data)
    assert packets_of(found) == [b"b"]
    assert "version" in faults_of(found)[0].reason


@pytest.mark.parametrize("kind", [1, 2, 3, 6, 10])
def test_a_block_too_short_for_its_kind_is_a_fault(kind: int) -> None:
    found = items(section() + interface() + block(kind, b"") + enhanced(b"a"))
    assert packets_of(found) == [b"a"]
    assert len(faults_of(found)) == 1


def test_the_end_of_a_cut_file_is_a_fault() -> None:
    data = section() + interface() + enhanced(b"a") + enhanced(b"b")
    found = items(data[:-5])
    assert packets_of(found) == [b"a"]
    [fault] = faults_of(found)
    assert (fault.packet, fault.ended) == (1, True)


def test_a_file_of_nothing_but_damage_ends_with_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phonehome.wire.capture.faults.MAX_DAMAGES", 3)
    bad = enhanced(b"bad")[:-4] + b"\1\2\3\4"
    found = items(section() + interface() + (enhanced(b"good") + bad) * 10)
    assert packets_of(found) == [b"good"] * 4
    faults = faults_of(found)
    assert [fault.ended for fault in faults] == [False, False, False, True]


def test_damage_that_nothing_good_follows_ends_the_reading() -> None:
    found = items(section() + interface() + enhanced(b"a") + bytes(500))
    assert packets_of(found) == [b"a"]
    assert [fault.ended for fault in faults_of(found)] == [False, True]
    assert "500 bytes" in faults_of(found)[1].reason


def test_sections_without_end_are_not_read_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phonehome.wire.capture.pcapng.MAX_SECTIONS", 3)
    found = items((section() + interface() + enhanced(b"a")) * 10)
    assert packets_of(found) == [b"a"] * 3
    assert [fault.ended for fault in faults_of(found)] == [True]


def test_damage_everywhere_costs_no_more_than_what_is_skipped() -> None:
    bad = enhanced(b"bad")[:-4] + b"\1\2\3\4"
    walked = 0

    class Counting(struct.Struct):
        def unpack_from(self, buffer: bytes, offset: int = 0) -> tuple[int, ...]:  # type: ignore[override]
            nonlocal walked  # the ignore above: a bytes object is all that the reader gives
            walked += 1
            return super().unpack_from(buffer, offset)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("phonehome.wire.capture.pcapng.struct.Struct", Counting)
        patch.setattr(
            "phonehome.wire.capture.pcapng._walk_packets", walk_packets
        )  # the plain one can be counted
        items(section() + interface() + (enhanced(b"good") + bad) * 1000)
    assert 0 < walked < 2000 * 20
