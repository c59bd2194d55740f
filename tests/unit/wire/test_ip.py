"""IP and transport headers, as columns and one by one."""

import struct

import pytest
from capture_bytes import (
    ethernet,
    ipv4,
    ipv6,
    pcap,
    tcp,
    udp,
)
from wire_columns import address, frames, payloads, segments, windows

from phonehome.wire.ip import IpLayer, Segments
from phonehome.wire.link import strip_link

MORE = 0x2000


def raw(*packets: bytes, original: list[int] | None = None) -> Segments:
    return segments(pcap(packets, link=101, original=original))


def ends(some: Segments) -> tuple[str, str]:
    source = address(int(some.src_high[0]), int(some.src_low[0]))
    return source, address(int(some.dst_high[0]), int(some.dst_low[0]))


def extension(following: int, size: int = 8, *, kind: int = 0) -> bytes:
    count = size // 4 - 2 if kind == 51 else size // 8 - 1
    return bytes([following, count]) + bytes(size - 2)


def piece(following: int, offset: int, data: bytes, *, more: bool, identification: int = 9) -> bytes:
    header = struct.pack(">BBHI", following, 0, offset | more, identification)
    return ipv6(header + data, protocol=44)


class TestOrdinaryPackets:
    def test_ipv4_and_tcp_give_every_column(self) -> None:
        some = raw(ipv4(tcp(b"hello", sequence=0xFFFFFFF0, flags=0x1FF, options=bytes(12)), options=bytes(8)))
        assert ends(some) == ("192.0.2.1", "198.51.100.2")
        assert (some.src_port.tolist(), some.dst_port.tolist()) == ([40000], [443])
        assert (some.sequence.tolist(), some.acknowledgement.tolist()) == ([0xFFFFFFF0], [7])
        assert (some.flags.tolist(), some.protocol.tolist()) == ([0x1FF], [6])
        assert payloads(some) == [b"hello"]

    def test_ipv6_and_udp_give_every_column(self) -> None:
        some = raw(ipv6(udp(b"hello"), protocol=17))
        assert ends(some) == ("2001:db8::1", "2001:db8::2")
        assert (some.src_port.tolist(), some.dst_port.tolist()) == ([50000], [53])
        assert (some.sequence.tolist(), some.flags.tolist(), some.protocol.tolist()) == ([0], [0], [17])
        assert payloads(some) == [b"hello"]

    def test_packets_of_both_families_stay_in_order(self) -> None:
        packets = [
            ipv4(tcp(b"1")),
            ipv6(tcp(b"2")),
            ipv4(udp(b"3"), protocol=17),
            ipv6(extension(6) + tcp(b"4"), protocol=0),
        ]
        some = raw(*packets, *packets)
        assert payloads(some) == [b"1", b"2", b"3", b"4"] * 2
        assert some.number.tolist() == list(range(1, 9))

    def test_other_protocols_stand_beside_the_columns(self) -> None:
        some = raw(ipv4(b"ping", protocol=1), ipv4(tcp(b"x")), ipv6(b"sctp", protocol=132))
        assert payloads(some) == [b"x"]
        assert some.other is not None
        assert payloads(some.other) == [b"ping", b"sctp"]
        assert (some.other.protocol.tolist(), some.other.number.tolist()) == ([1, 132], [1, 3])

    def test_an_empty_window_gives_empty_columns(self) -> None:
        some = segments(pcap([ethernet(b"", kind=0x0806)]))
        assert len(some) == 0
        assert some.other is None
        assert some.unread == {"ARP": 1}


class TestLengths:
    @pytest.mark.parametrize("wrap", [lambda data: ipv4(data, length=0), lambda data: ipv6(data, length=0)])
    def test_a_length_of_zero_stands_for_what_was_recorded(self, wrap: object) -> None:
        assert callable(wrap)
        some = raw(wrap(tcp(b"x" * 70_000)))
        assert payloads(some) == [b"x" * 70_000]

    def test_the_snap_length_cuts_the_payload_and_says_by_how_much(self) -> None:
        packet = ipv4(tcp(b"0123456789"))
        some = raw(packet[:-4], original=[len(packet)])
        assert payloads(some) == [b"012345"]
        assert some.cut.tolist() == [4]

    def test_the_snap_length_may_cut_the_tcp_options(self) -> None:
        packet = ipv4(tcp(b"0123456789", options=bytes(20)))
        some = raw(packet[:45], original=[len(packet)])
        assert payloads(some) == [b""]
        assert some.cut.tolist() == [10]

    def test_a_length_beyond_the_recorded_packet_is_not_believed(self) -> None:
        some = raw(ipv4(tcp(b"abc"), length=4000))
        assert payloads(some) == [b"abc"]
        assert some.cut.tolist() == [0]

    def test_a_udp_length_bounds_its_payload(self) -> None:
        some = raw(ipv4(udp(b"abcdef", length=11), protocol=17), ipv4(udp(b"abc", length=900), protocol=17))
        assert payloads(some) == [b"abc", b"abc"]


MALFORMED = {
    "an IPv4 header is cut": ipv4(b"")[:19],
    "an IPv6 header is cut": ipv6(b"")[:39],
    "an IPv4 header is longer than its packet, or shorter than a header": b"\x44" + ipv4(b"")[1:],
    "a TCP header is cut": ipv4(tcp()[:19]),
    "a TCP header is longer than its packet, or shorter than a header": ipv4(tcp()[:12] + b"\x40" + bytes(7)),
    "a UDP header is cut": ipv4(udp()[:7], protocol=17),
    "a UDP length is shorter than a header": ipv4(udp(b"abc", length=7), protocol=17),
    "an IPv6 extension header is cut": ipv6(bytes(4), protocol=0),
    "an IPv6 extension header is longer than its packet": ipv6(b"\6\xff" + bytes(30), protocol=60),
    "more than 16 extension headers follow an IPv6 header": ipv6(extension(60) * 17, protocol=60),
    "a fragment is empty or reaches behind the longest datagram": ipv4(b"x" * 8, fragment=MORE | 0x1FFF),
    "a fragment that is not the last has no whole number of 8-byte units": ipv4(b"x" * 9, fragment=MORE),
}  # fmt: skip


@pytest.mark.parametrize("reason", MALFORMED)
def test_a_malformed_packet_is_counted_by_its_reason(reason: str) -> None:
    some = raw(ipv4(tcp(b"good")), MALFORMED[reason], ipv4(tcp(b"good")))
    assert some.unread == {reason: 1}
    assert payloads(some) == [b"good", b"good"]


@pytest.mark.parametrize(("kind", "version"), [(0x0800, 4), (0x86DD, 6)])
def test_a_packet_of_another_version_than_its_ethertype_is_counted(kind: int, version: int) -> None:
    some = segments(pcap([ethernet(b"\x95" + bytes(60), kind=kind)]))
    assert some.unread == {f"an IPv{version} header has another version": 1}


class TestExtensionHeaders:
    @pytest.mark.parametrize("kind", [0, 43, 51, 60, 135, 139, 140])
    def test_an_extension_header_is_passed_over(self, kind: int) -> None:
        some = raw(ipv6(extension(6, 24, kind=kind) + tcp(b"behind"), protocol=kind))
        assert payloads(some) == [b"behind"]
        assert some.unread == {}

    def test_a_fragment_that_is_the_whole_datagram_is_read_at_once(self) -> None:
        some = raw(piece(6, 0, tcp(b"atomic"), more=False))
        assert payloads(some) == [b"atomic"]


class TestFragments:
    def test_fragments_are_put_together_at_the_packet_that_completes_them(self) -> None:
        whole = udp(bytes(range(200)), destination=4433)
        pieces = [
            ipv4(whole[96:], protocol=17, fragment=12),
            ipv4(whole[:48], protocol=17, fragment=MORE),
            ipv4(tcp(b"between")),
            ipv4(whole[48:96], protocol=17, fragment=MORE | 6),
        ]
        some = raw(*pieces)
        assert payloads(some) == [b"between", bytes(range(200))]
        assert some.number.tolist() == [3, 4]
        assert some.dst_port.tolist() == [443, 4433]

    def test_fragments_of_ipv6_are_put_together(self) -> None:
        whole = extension(17) + udp(bytes(range(100)))
        some = raw(piece(60, 0, whole[:64], more=True), piece(60, 64, whole[64:], more=False))
        assert payloads(some) == [bytes(range(100))]

    def test_fragments_meet_across_windows(self) -> None:
        whole = udp(bytes(range(200)))
        data = pcap(
            [ipv4(whole[:96], protocol=17, fragment=MORE), ipv4(whole[96:], protocol=17, fragment=12)],
            link=101,
        )
        layer = IpLayer()
        found = [layer.strip(strip_link(window)) for window in windows(data, 64)]
        assert [payloads(some) for some in found] == [[], [bytes(range(200))]]
        assert layer.finish() == 0

    def test_a_datagram_that_stays_incomplete_is_counted(self) -> None:
        layer = IpLayer()
        some = layer.strip(frames(pcap([ipv4(bytes(96), fragment=MORE)], link=101)))
        assert len(some) == 0
        assert layer.finish() == 1

    def test_a_cut_fragment_is_counted(self) -> None:
        packet = ipv4(bytes(96), fragment=MORE)
        some = raw(packet[:-10], original=[len(packet)])
        assert some.unread == {"a fragment is cut by the snap length": 1}


def gre(packet: bytes, kind: int, flags: int = 0, optional: bytes = b"") -> bytes:
    return ipv4(struct.pack(">HH", flags, kind) + optional + packet, protocol=47)


def gtp(packet: bytes, *, flags: int = 0x30, kind: int = 0xFF, optional: bytes = b"") -> bytes:
    header = struct.pack(">BBHI", flags, kind, len(packet) + len(optional), 1) + optional
    return ipv4(udp(header + packet, source=2152, destination=2152), protocol=17)


INNER = ipv6(tcp(b"inside"))
TUNNELS = {
    "IP in IP": ipv4(ipv4(tcp(b"inside")), protocol=4),
    "IPv6 in IPv4": ipv4(INNER, protocol=41),
    "IPv4 in IPv6": ipv6(ipv4(tcp(b"inside")), protocol=4),
    "GRE": gre(INNER, 0x86DD),
    "GRE with checksum, key and sequence number": gre(INNER, 0x86DD, 0xB000, bytes(12)),
    "GRE with an Ethernet frame": gre(ethernet(INNER, kind=0x86DD), 0x6558),
    "GTP-U": gtp(INNER),
    "GTP-U with a sequence number": gtp(INNER, flags=0x32, optional=bytes(4)),
    "GTP-U with an extension header": gtp(INNER, flags=0x34, optional=b"\0\0\0\x85\1\0\0\0"),
    "GTP-U with IP in GRE in it": gtp(gre(INNER, 0x86DD)),
}


class TestTunnels:
    @pytest.mark.parametrize("name", TUNNELS)
    def test_a_tunnel_is_looked_through(self, name: str) -> None:
        some = raw(TUNNELS[name])
        assert payloads(some) == [b"inside"]
        assert some.protocol.tolist() == [6]

    @pytest.mark.parametrize("name", TUNNELS)
    def test_a_tunnel_cut_anywhere_is_counted_or_read(self, name: str) -> None:
        packet = TUNNELS[name]
        cuts = [packet[:size] for size in range(1, len(packet))]
        some = raw(*cuts, original=[len(packet)] * len(cuts))
        rest = len(some.other) if some.other is not None else 0
        assert len(some) + rest + sum(some.unread.values()) == len(cuts)

    @pytest.mark.parametrize(
        "packet",
        [gtp(INNER, kind=1), gtp(b"~" * 40), gtp(b"E\0\0\5" + bytes(40))],
        ids=["signalling", "not IP", "nearly IP"],
    )
    def test_gtp_without_a_packet_is_a_datagram(self, packet: bytes) -> None:
        some = raw(packet)
        assert (some.protocol.tolist(), some.dst_port.tolist()) == ([17], [2152])

    def test_gre_with_what_is_no_ip_stands_beside_the_columns(self) -> None:
        some = raw(gre(b"whatever", 0x880B, 1))
        assert some.other is not None
        assert some.other.protocol.tolist() == [47]

    def test_tunnels_without_end_are_left_at_the_bound(self) -> None:
        packet = ipv4(tcp(b"inside"))
        for _ in range(7):
            packet = ipv4(packet, protocol=4)
        assert payloads(raw(packet)) == [b"inside"]
        some = raw(ipv4(packet, protocol=4))
        assert some.other is not None
        assert some.other.protocol.tolist() == [4]

    def test_a_tunnel_in_fragments_is_looked_through(self) -> None:
        whole = ipv6(tcp(bytes(range(120))))
        some = raw(ipv4(whole[:96], protocol=41, fragment=MORE), ipv4(whole[96:], protocol=41, fragment=12))
        assert payloads(some) == [bytes(range(120))]
