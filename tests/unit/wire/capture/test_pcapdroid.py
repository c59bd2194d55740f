"""PCAPdroid's recordings name the app of each packet, in both of their forms."""

import struct

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
    tcp,
    udp,
    with_trailer,
)
from wire_columns import frames, payloads, segments, windows

from phonehome.wire.capture import App, Apps
from phonehome.wire.ip import Segments

PHONE, BROWSER = 10123, 10200


def labels(some: Segments) -> list[str | None]:
    return [some.apps.known[index].label if index >= 0 else None for index in some.app.tolist()]


def test_a_trailer_names_the_app_and_is_no_payload() -> None:
    packets = [
        with_trailer(ipv4(tcp(b"hello")), PHONE, "Phone"),
        with_trailer(ipv6(udp(b"query"), protocol=17), BROWSER, "Browser"),
        with_trailer(ipv4(tcp(b"again")), PHONE, "Phone"),
    ]
    some = segments(pcap(packets))
    assert payloads(some) == [b"hello", b"query", b"again"]
    assert labels(some) == ["Phone", "Browser", "Phone"]
    assert some.apps.known[0] == App(uid=PHONE, name="Phone")


def test_a_trailer_without_an_app_is_taken_off_all_the_same() -> None:
    some = segments(pcap([with_trailer(ipv4(tcp(b"x"), length=0), -1, "")]))
    assert labels(some) == [None]
    assert payloads(some)[0].rstrip(b"\0") == b"x"


@pytest.mark.parametrize("kept", range(30, 45))
def test_a_cut_packet_loses_neither_its_app_nor_its_length(kept: int) -> None:
    packet = ipv4(udp(bytes(range(1, 101))), protocol=17)
    frame = with_trailer(packet[:kept], PHONE, "Phone")
    some = segments(pcap([frame], original=[len(frame) + len(packet) - kept]))
    assert payloads(some) == [bytes(range(1, 101))[: kept - 28]]
    assert (some.cut.tolist(), labels(some)) == ([100 - (kept - 28)], ["Phone"])


def test_a_name_that_the_trailer_cuts_in_the_middle_of_a_character_is_read() -> None:
    packet = with_trailer(ipv4(tcp(b"x")), PHONE, "Wörterbücherverzeichnis")
    assert labels(segments(pcap([packet]))) == ["Wörterbücherverzei"]


def test_bytes_like_a_trailer_in_anybodys_packet_are_payload() -> None:
    data = b"x" * 10 + struct.pack(">Ii20s4x", 0x01072021, 10999, b"Not I")
    some = segments(pcap([ethernet(ipv4(tcp(data)))]))
    assert payloads(some) == [data]
    assert labels(some) == [None]


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_comment_names_an_app_that_a_block_described(order: str) -> None:
    flags = option(2, struct.pack(f"{order}I", 1), order=order)
    end = option(0, b"", order=order)
    comments = [
        option(1, b"u-10123", order=order) + end,
        flags + option(1, b"u-10200", order=order),
        flags + end,
        option(1, b"u-10999", order=order) + end,
        option(1, b"u--1", order=order) + end,
        option(1, b"u-1x123", order=order) + end,
        option(1, b"said by somebody", order=order) + option(1, b"u-10123", order=order),
        b"",
    ]
    packet = ipv4(tcp(b"x"))
    data = section(order=order) + interface(link=101, order=order)
    data += app_block(PHONE, "org.example.phone", "Phone", order=order)
    data += app_block(BROWSER, "org.example.browser", "Browser", order=order)
    data += b"".join(enhanced(packet, options=options, order=order) for options in comments)
    some = segments(data)
    phone, browser = "org.example.phone", "org.example.browser"
    assert labels(some) == [phone, browser, None, None, None, None, phone, None]
    assert some.apps.known[0] == App(uid=PHONE, package=phone, name="Phone")


def test_the_first_description_of_an_app_counts() -> None:
    apps = Apps()
    assert apps.describe(App(uid=5)) == 0
    assert apps.describe(App(uid=5, name="first")) == 0
    assert apps.describe(App(uid=5, name="second")) == 0
    assert [app.label for app in apps.known] == ["first"]
    assert [apps.describe(App(name="first")), apps.describe(App(name="first"))] == [1, 1]


def test_more_apps_than_the_bound_stay_unnamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("phonehome.wire.capture.base.MAX_APPS", 2)
    packets = [with_trailer(ipv4(tcp(b"x")), uid, "") for uid in (1, 2, 3)]
    assert labels(segments(pcap(packets))) == ["uid 1", "uid 2", None]


def test_a_capture_that_names_no_apps_has_no_column_of_them() -> None:
    data = section() + interface(link=101) + enhanced(ipv4(tcp(b"x")), options=option(1, b"u-10123"))
    [window] = windows(data)
    assert window.app is None
    assert frames(data).app.tolist() == [-1]
