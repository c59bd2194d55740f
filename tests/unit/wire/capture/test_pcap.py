"""Classic captures: byte orders, resolutions, windows, damage."""

import io
import struct

import numpy as np
import pytest
from capture_bytes import SECONDS, ethernet, ipv4, pcap, tcp
from wire_columns import items, windows

from phonehome.model.errors import InputError
from phonehome.wire.capture import Carried, Fault, Window, looks_like_capture, read_capture
from phonehome.wire.capture import base as capture_base

PACKETS = [ethernet(ipv4(tcp(bytes([65 + place]) * place))) for place in range(20)]


def packets_of(window: Window) -> list[bytes]:
    places = zip(window.start.tolist(), window.captured.tolist(), strict=True)
    return [window.buffer[start : start + size] for start, size in places]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "unit"), [(0xA1B2C3D4, 1000), (0xA1B23C4D, 1), (0xA1B2CD34, 1000)])
def test_records_are_read_in_each_byte_order_and_resolution(order: str, magic: int, unit: int) -> None:
    [window] = windows(pcap(PACKETS, order=order, magic=magic))
    assert packets_of(window) == PACKETS
    assert window.number.tolist() == list(range(1, 21))
    assert window.time.tolist() == [(SECONDS + place) * 10**9 + 5 * unit for place in range(20)]


def test_what_the_snap_length_kept_out_shows_in_the_original_length() -> None:
    [window] = windows(pcap([b"abc", b"de"], original=[100, 1]))
    assert window.captured.tolist() == [3, 2]
    assert window.original.tolist() == [100, 2]


def test_the_link_type_stands_beside_the_frame_check_sequence() -> None:
    [window] = windows(pcap(PACKETS, link=2 << 28 | 0x04000000 | 1))
    assert (window.interfaces[0].link, window.interfaces[0].check_bytes) == (1, 4)


@pytest.mark.parametrize("window_bytes", [1, 64, 100, 1000])
def test_small_windows_give_the_same_packets(window_bytes: int) -> None:
    data = pcap(PACKETS)
    several = windows(data, window_bytes)
    assert [packet for window in several for packet in packets_of(window)] == PACKETS
    assert [n for window in several for n in window.number.tolist()] == list(range(1, 21))
    assert len(several) > 1


def test_a_stream_that_gives_little_at_a_time_gives_the_same_packets() -> None:
    class Dripping(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 7))

    [window] = [item for item in read_capture(Dripping(pcap(PACKETS))) if isinstance(item, Window)]
    assert packets_of(window) == PACKETS


@pytest.mark.parametrize("failure", [InputError("breaks off"), OSError(5, "Input/output error")])
def test_of_a_stream_that_breaks_off_all_is_read_that_came_before(failure: Exception) -> None:
    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(min(size or 0, 100))
            if not data:
                raise failure
            return data

    read: list[bytes] = []
    whole = (item for item in read_capture(Breaking(pcap(PACKETS))) if isinstance(item, Window))
    with pytest.raises(type(failure), match=r"breaks off|Input/output"):
        read.extend(packet for window in whole for packet in packets_of(window))
    assert read == PACKETS


def test_numbers_and_apps_are_carried_from_file_to_file() -> None:
    carried = Carried()
    numbers = [
        item.number.tolist()
        for data in (pcap(PACKETS[:3]), pcap(PACKETS[3:5]), pcap([]), pcap(PACKETS[5:7]))
        for item in read_capture(io.BytesIO(data), carried=carried)
        if isinstance(item, Window)
    ]
    assert numbers == [[1, 2, 3], [4, 5], [6, 7]]
    assert carried.number == 7


def test_no_window_holds_more_packets_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phonehome.wire.capture.pcap.MAX_WINDOW_PACKETS", 6)
    assert [len(window) for window in windows(pcap(PACKETS))] == [6, 6, 6, 2]


@pytest.mark.parametrize("data", [b"", b"\xd4", b"PK\3\4" + bytes(100), b"\n\r\r\n" + bytes(30)])
def test_what_is_no_capture_is_refused(data: bytes) -> None:
    assert not looks_like_capture(data)
    with pytest.raises(InputError, match="no capture"):
        items(data)


def test_a_file_that_ends_inside_its_header_is_refused() -> None:
    with pytest.raises(InputError, match="inside its header"):
        items(pcap([])[:20])


def test_the_end_of_a_cut_file_is_a_fault_and_the_rest_is_read() -> None:
    data = pcap(PACKETS)
    window, fault = items(data[:-3])
    assert isinstance(window, Window)
    assert packets_of(window) == PACKETS[:-1]
    assert isinstance(fault, Fault)
    assert (fault.packet, fault.ended) == (19, True)
    assert fault.offset == len(data) - 16 - len(PACKETS[-1])


def test_reading_goes_on_behind_a_record_with_an_impossible_length() -> None:
    data = bytearray(pcap(PACKETS))
    [window] = windows(bytes(data))
    fifth = int(window.start[4]) - 8
    struct.pack_into("<I", data, fifth, 0x7FFFFFFF)
    found = items(bytes(data))
    assert [type(item) for item in found] == [Window, Fault, Window]
    first, fault, second = found
    assert isinstance(first, Window)
    assert isinstance(second, Window)
    assert isinstance(fault, Fault)
    assert packets_of(first) + packets_of(second) == PACKETS[:4] + PACKETS[5:]
    assert (fault.packet, fault.ended) == (4, False)


def test_a_file_of_nothing_but_damage_ends_with_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phonehome.wire.capture.faults.MAX_DAMAGES", 3)
    data = bytearray(pcap([*PACKETS] * 3))
    [window] = windows(bytes(data))
    for start in window.start[4::6].tolist():
        struct.pack_into("<I", data, start - 8, 0xFFFFFFFF)
    faults = [item for item in items(bytes(data)) if isinstance(item, Fault)]
    assert len(faults) == 4
    assert faults[-1].ended


def test_a_fault_is_told_of_only_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phonehome.wire.capture.faults.MAX_FAULTS", 2)
    data = bytearray(pcap([*PACKETS] * 3))
    [window] = windows(bytes(data))
    for start in window.start[4::12].tolist():
        struct.pack_into("<I", data, start - 8, 0xFFFFFFFF)
    reasons = [item.reason for item in items(bytes(data)) if isinstance(item, Fault)]
    assert len(reasons) == 3
    assert reasons[-1] == "3 more places could not be read"


def test_a_record_as_long_as_the_longest_packet_is_read() -> None:
    packet = bytes(capture_base.MAX_PACKET_BYTES)
    [window] = windows(pcap([packet, b"x"]), window_bytes=1000)[:1]
    assert np.array_equal(window.captured, [len(packet)])


def test_damage_that_nothing_good_follows_ends_the_reading() -> None:
    found = items(pcap(PACKETS) + b"\xff" * 500)
    assert [type(item) for item in found] == [Window, Fault, Fault]
    last = found[-1]
    assert isinstance(last, Fault)
    assert last.ended
    assert "500 bytes" in last.reason
