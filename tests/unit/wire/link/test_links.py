"""Each link type leads to the IP packet in it."""

import struct

import pytest
from capture_bytes import (
    MAC_A,
    MAC_B,
    enhanced,
    ethernet,
    interface,
    ipv4,
    ipv6,
    pcap,
    section,
    tcp,
    udp,
)
from wire_columns import frames, payloads, segments

FOUR = ipv4(tcp(b"four"))
SIX = ipv6(udp(b"six"), protocol=17)
A, B = int.from_bytes(MAC_A, "big"), int.from_bytes(MAC_B, "big")
ETHERTYPES = ((FOUR, 0x0800), (SIX, 0x86DD))


def sll(packet: bytes, kind: int) -> bytes:
    return struct.pack(">HHH", 0, 1, 6) + MAC_A + bytes(2) + struct.pack(">H", kind) + packet


def sll2(packet: bytes, kind: int) -> bytes:
    return struct.pack(">HHIHBB", kind, 0, 1, 1, 0, 6) + MAC_A + bytes(2) + packet


def nflog(packet: bytes, family: int, order: str) -> bytes:
    def field(kind: int, value: bytes) -> bytes:
        return struct.pack(f"{order}HH", len(value) + 4, kind) + value + bytes(-len(value) % 4)

    return (
        bytes([family, 0, 0, 1])
        + field(1, bytes(4))
        + field(10, b"abc\0")
        + field(9, packet)
        + field(3, b"x")
    )


def pktap(packet: bytes, link: int, order: str = "<", record: int = 1) -> bytes:
    return struct.pack(f"{order}III", 108, record, link) + b"en0".ljust(96, b"\0") + packet


LLC = bytes.fromhex("aaaa03000000")


def wifi(
    packet: bytes,
    kind: int,
    *,
    ways: int = 1,
    control: int = 0x08,
    flags: int = 0,
    sequence: int = 0,
    pad: int = 0,
) -> bytes:
    third = b"\2" * 6
    first, second = (third, MAC_A) if ways == 1 else (MAC_B, third)
    header = bytes([control, ways | flags]) + bytes(2) + first + second + (MAC_B if ways & 1 else MAC_A)
    header += struct.pack("<H", sequence)
    if ways == 3:
        header += MAC_A
    if control & 0x80:
        header += bytes(6 if flags & 0x80 else 2)
    header += bytes(-len(header) % 4 if pad else 0)
    return header + LLC + struct.pack(">H", kind) + packet


def radiotap(frame: bytes, *, flags: int | None = None, timer: bool = False, words: int = 1) -> bytes:
    present = (1 if timer else 0) | (2 if flags is not None else 0)
    fields = b"".join(
        struct.pack("<I", (present if word == 0 else 0) | (1 << 31 if word + 1 < words else 0))
        for word in range(words)
    )
    if timer:
        fields += bytes(-(4 + len(fields)) % 8) + bytes(range(8))
    if flags is not None:
        fields += bytes([flags])
    return struct.pack("<BBH", 0, 0, 4 + len(fields)) + fields + frame


LINKED: dict[str, tuple[int, bytes, bytes]] = {
    "Ethernet": (1, ethernet(FOUR), ethernet(SIX, kind=0x86DD)),
    "VLAN": (1, ethernet(FOUR, tags=b"\x81\0\0\7"), ethernet(SIX, kind=0x86DD, tags=b"\x88\xa8\0\7\x81\0\0\1")),
    "PPPoE": (
        1,
        ethernet(struct.pack(">BBHHH", 0x11, 0, 1, 99, 0x21) + FOUR, kind=0x8864),
        ethernet(struct.pack(">BBHHB", 0x11, 0, 1, 99, 0x57) + SIX, kind=0x8864),
    ),
    "LLC": (
        1,
        ethernet(LLC + b"\x08\0" + FOUR, kind=8 + len(FOUR)),
        ethernet(LLC + b"\x86\xdd" + SIX, kind=8 + len(SIX)),
    ),
    "PPP": (9, b"\xff\x03\x00\x21" + FOUR, b"\0\x57" + SIX),
    "raw": (101, FOUR, SIX),
    "raw, as BSD counts": (12, FOUR, SIX),
    "raw, as OpenBSD counts": (14, FOUR, SIX),
    "loopback": (0, b"\2\0\0\0" + FOUR, b"\x1e\0\0\0" + SIX),
    "loopback of another byte order": (0, b"\0\0\0\2" + FOUR, b"\0\0\0\x18" + SIX),
    "OpenBSD loopback": (108, b"\0\0\0\2" + FOUR, b"\0\0\0\x18" + SIX),
    "cooked": (113, sll(FOUR, 0x0800), sll(SIX, 0x86DD)),
    "cooked 2": (276, sll2(FOUR, 0x0800), sll2(SIX, 0x86DD)),
    "NFLOG": (239, nflog(FOUR, 2, "<"), nflog(SIX, 10, "<")),
    "NFLOG of another byte order": (239, nflog(FOUR, 2, ">"), nflog(SIX, 10, ">")),
    "PKTAP": (258, pktap(ethernet(FOUR), 1), pktap(SIX, 12)),
    "PKTAP of another byte order": (258, pktap(ethernet(FOUR), 1, ">"), pktap(SIX, 12, ">")),
    "PKTAP under a private number": (149, pktap(b"\2\0\0\0" + FOUR, 0), pktap(b"\x1e\0\0\0" + SIX, 0)),
    "802.11": (105, wifi(FOUR, 0x0800), wifi(SIX, 0x86DD, ways=2)),
    "802.11 with quality of service": (
        105,
        wifi(FOUR, 0x0800, control=0x88),
        wifi(SIX, 0x86DD, control=0x88, flags=0x80),
    ),
    "802.11 between access points": (105, wifi(FOUR, 0x0800, ways=3), wifi(SIX, 0x86DD, ways=3, control=0x88)),
    "radiotap": (127, radiotap(wifi(FOUR, 0x0800)), radiotap(wifi(SIX, 0x86DD), flags=0, timer=True)),
    "radiotap with padding": (
        127,
        radiotap(wifi(FOUR, 0x0800, control=0x88, pad=1), flags=0x20),
        radiotap(wifi(SIX, 0x86DD, control=0x88, pad=1), flags=0x20, timer=True, words=3),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LINKED)
def test_a_link_type_leads_to_the_packets(name: str) -> None:
    link, four, six = LINKED[name]
    some = segments(pcap([four, six], link=link))
    assert payloads(some) == [b"four", b"six"]
    assert some.protocol.tolist() == [6, 17]
    assert some.unread == {}


@pytest.mark.parametrize("name", LINKED)
def test_a_packet_cut_anywhere_is_counted_or_read(name: str) -> None:
    link, four, six = LINKED[name]
    for packet in (four, six):
        cuts = [packet[:size] for size in range(len(packet))]
        some = segments(pcap(cuts, link=link, original=[len(packet)] * len(cuts)))
        assert len(some) + sum(some.unread.values()) == len(cuts)
        size = 4 if packet is four else 3
        assert (some.end - some.start + some.cut == size).all()
        assert (some.end >= some.start).all()


@pytest.mark.parametrize("name", ["Ethernet", "VLAN", "802.11", "802.11 between access points", "radiotap"])
def test_hardware_addresses_are_the_two_ends(name: str) -> None:
    link, four, _ = LINKED[name]
    some = segments(pcap([four], link=link))
    assert (some.src_mac.tolist(), some.dst_mac.tolist()) == ([A], [B])


def test_a_cooked_packet_has_only_the_senders_hardware_address() -> None:
    some = segments(pcap([sll(FOUR, 0x0800)], link=113))
    assert (some.src_mac.tolist(), some.dst_mac.tolist()) == ([A], [0])


def test_padding_behind_a_short_packet_is_no_payload() -> None:
    some = segments(pcap([ethernet(ipv4(tcp(b"ab"))) + bytes(20)]))
    assert payloads(some) == [b"ab"]


def test_packets_of_several_link_types_stay_in_order() -> None:
    data = section() + interface(link=1) + interface(link=101) + interface(link=147)
    data += enhanced(FOUR, interface=1) + enhanced(ethernet(SIX, kind=0x86DD)) + enhanced(b"?", interface=2)
    data += enhanced(SIX, interface=1) + enhanced(ethernet(FOUR))
    some = segments(data)
    assert some.number.tolist() == [1, 2, 4, 5]
    assert payloads(some) == [b"four", b"six", b"six", b"four"]
    assert some.unread == {"link type 147 is not read": 1}


@pytest.mark.parametrize(
    ("process", "effective", "name"),
    [(b"nsurlsessiond", b"Example App", "Example App"), (b"mail", b"", "mail"), (b"", b"", None)],
)
def test_apples_packet_taps_name_the_process(process: bytes, effective: bytes, name: str | None) -> None:
    packet = bytearray(pktap(FOUR, 12))
    packet[56:76], packet[88:108] = process.ljust(20, b"\0"), effective.ljust(20, b"\0")
    for link in (149, 258):
        some = segments(pcap([bytes(packet), bytes(packet), b"cut"], link=link))
        assert [some.apps.known[index].label if index >= 0 else None for index in some.app.tolist()] == [
            name
        ] * 2


UNREAD = {
    "an Ethernet frame is shorter than its header": (1, b"short"),
    "ARP": (1, ethernet(b"", kind=0x0806)),
    "EtherType 0x9999 is not read": (1, ethernet(b"", kind=0x9999)),
    "a VLAN tag is cut": (1, ethernet(b"\0", kind=0x8100)),
    "an IEEE 802.2 frame carries what is no IP": (1, ethernet(b"\x42\x42\x03" + bytes(5), kind=8)),
    "PPP carries what is no IP": (9, b"\xff\x03\xc0\x21" + bytes(4)),
    "a raw packet has no known IP version": (101, b"\x10" + bytes(40)),
    "a loopback packet is of an address family other than IP": (0, b"\7\0\0\0" + FOUR),
    "a netfilter log is of an address family other than IP": (239, nflog(FOUR, 3, "<")),
    "a netfilter log holds no packet": (239, bytes([2, 0, 0, 0]) + struct.pack("<HHI", 8, 1, 0)),
    "a PKTAP header is malformed": (258, pktap(FOUR, 12, record=2)),
    "a PKTAP packet is of a link type that is not read": (258, pktap(FOUR, 258)),
    "a radiotap header is malformed": (127, struct.pack("<BBHI", 0, 0, 2000, 0)),
    "an 802.11 frame is encrypted": (105, wifi(FOUR, 0x0800, flags=0x40)),
    "an 802.11 frame is a fragment": (105, wifi(FOUR, 0x0800, sequence=1)),
    "an 802.11 frame carries no data": (105, wifi(FOUR, 0x0800, control=0x80)),
    "an 802.11 control frame or a cut one": (105, b"\xd4\0"),
    "an 802.11 frame is an aggregate": (105, wifi(b"", 0, control=0x88)[:24] + b"\x80\0" + FOUR),
    "link type 9999 is not read": (9999, b"anything"),
}


@pytest.mark.parametrize("reason", UNREAD)
def test_what_cannot_be_read_is_counted_by_its_reason(reason: str) -> None:
    link, packet = UNREAD[reason]
    assert frames(pcap([packet], link=link)).unread == {reason: 1}


def test_endless_vlan_tags_are_counted() -> None:
    some = frames(pcap([ethernet(b"\0\1\x81\0" * 100, kind=0x8100)]))
    assert some.unread == {"EtherType 0x8100 is not read": 1}


def test_many_strange_ethertypes_do_not_make_many_reasons() -> None:
    some = frames(pcap([ethernet(b"", kind=kind) for kind in range(0x9900, 0x9A00)]))
    assert len(some.unread) < 70
    assert sum(some.unread.values()) == 256
