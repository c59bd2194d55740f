"""The phone is found by its address, by DHCP, by what it opens; or told, by IP address or hardware address."""

from dataclasses import replace

import pytest
from pcap_writer import CLIENT, SERVER, Conversation, pcap
from read_packets import stream, take
from segment_columns import Part, columns

from phonehome.model.exchange import Direction
from phonehome.readers.packets.addresses import is_local, read_address
from phonehome.readers.packets.handset import HandsetFinder
from phonehome.wire.tcp import ACK, SYN

PHONE_MAC, ROUTER_MAC, LAPTOP_MAC = 0x020000000001, 0x020000000002, 0x020000000003
MACS = dict.fromkeys(("192.168.7.20", "100.70.1.2", "203.0.113.9"), PHONE_MAC) | {"192.168.7.21": LAPTOP_MAC}


def packet(source: str, target: str, *, flags: int = 0x18, **more: int) -> Part:
    """A segment of TCP, from port 40000 to 443 where nothing else is said."""
    return Part(
        source=(*read_address(source), more.get("sport", 40_000)),
        target=(*read_address(target), more.get("dport", 443)),
        protocol=more.get("protocol", 6),
        flags=flags if more.get("protocol", 6) == 6 else 0,
        src_mac=more.get("mac", MACS.get(source, ROUTER_MAC)),
        dst_mac=more.get("dmac", MACS.get(target, ROUTER_MAC)),
    )


def opening(source: str, target: str, **more: int) -> Part:
    return packet(source, target, flags=SYN, **more)


def dhcp(mac: int) -> Part:
    return packet("0.0.0.0", "255.255.255.255", protocol=17, sport=68, dport=67, mac=mac, dmac=2**48 - 1)


def find(*windows: list[Part], told: str | None = None) -> HandsetFinder:
    finder = HandsetFinder(told)
    for parts in windows:
        finder.observe(columns(parts))
    return finder


def addresses(finder: HandsetFinder) -> tuple[str, ...]:
    return finder.handset.addresses if finder.handset is not None else ()


def test_without_packets_nobody_is_the_handset() -> None:
    assert find().handset is None
    assert find([]).handset is None


def test_the_private_address_is_the_handset_though_others_send_more() -> None:
    finder = find(
        [opening("192.168.7.20", "203.0.113.5")] + [packet("203.0.113.5", "192.168.7.20", sport=443)] * 9
    )
    assert addresses(finder) == ("192.168.7.20",)
    assert finder.handset is not None
    assert "local address that opened most connections" in finder.handset.why


def test_of_two_private_addresses_the_one_that_opens_more_is() -> None:
    parts = [opening("192.168.7.21", "203.0.113.5")]
    parts += [opening("192.168.7.20", "203.0.113.5", sport=40_000 + at) for at in range(3)]
    parts += [packet("192.168.7.21", "203.0.113.5")] * 50
    assert addresses(find(parts)) == ("192.168.7.20",)


def test_who_asked_for_an_address_by_dhcp_is() -> None:
    parts = [dhcp(PHONE_MAC), opening("192.168.7.20", "203.0.113.5")]
    parts += [opening("192.168.7.21", "203.0.113.5", sport=40_000 + at) for at in range(9)]
    finder = find(parts)
    assert addresses(finder) == ("192.168.7.20",)
    assert finder.handset is not None
    assert "DHCP" in finder.handset.why
    assert finder.handset.mac == "02:00:00:00:00:01"


def test_the_address_of_nobody_is_not_taken_for_the_handsets() -> None:
    assert find([dhcp(PHONE_MAC)]).handset is None
    assert addresses(find([dhcp(PHONE_MAC)], [opening("192.168.7.20", "203.0.113.5")])) == ("192.168.7.20",)


def test_addresses_that_were_made_anonymous_may_look_like_groups() -> None:
    parts = [opening("237.244.174.255", "203.0.113.5", mac=PHONE_MAC)]
    parts += [packet("203.0.113.5", "237.244.174.255", sport=443)] * 9
    assert addresses(find(parts)) == ("237.244.174.255",)


def test_a_phone_behind_a_carrier_has_a_local_address() -> None:
    parts = [packet("203.0.113.5", "100.70.1.2", sport=443)] * 5 + [packet("100.70.1.2", "203.0.113.5")]
    assert addresses(find(parts)) == ("100.70.1.2",)


def test_without_private_addresses_the_one_that_opens_connections_is() -> None:
    parts = [opening("203.0.113.9", "203.0.113.5"), *[packet("203.0.113.5", "203.0.113.9", sport=443)] * 9]
    parts += [packet("203.0.113.5", "203.0.113.9", sport=443, flags=SYN | ACK)]
    finder = find(parts)
    assert addresses(finder) == ("203.0.113.9",)


def test_without_any_opening_the_one_that_sends_most_is() -> None:
    finder = find([packet("203.0.113.9", "203.0.113.5")] * 3 + [packet("203.0.113.5", "203.0.113.9")])
    assert addresses(finder) == ("203.0.113.9",)
    assert finder.handset is not None
    assert "sent most packets (3 in the first window)" in finder.handset.why
    assert not finder.is_handset(*read_address("203.0.113.9")), "that may be a server"


def test_one_that_opened_something_is_believed() -> None:
    assert find([opening("192.168.7.20", "203.0.113.5")]).is_handset(*read_address("192.168.7.20"))


def test_ipv6_addresses_of_the_same_hardware_are_the_handsets_too() -> None:
    first = [opening("192.168.7.20", "203.0.113.5")]
    later = [
        packet("2001:db8:7::20", "2001:db8:c::1", mac=PHONE_MAC),
        packet("fe80::1", "ff02::fb", mac=PHONE_MAC),
        packet("2001:db8:7::21", "2001:db8:c::1", mac=LAPTOP_MAC),
    ]
    assert addresses(find(first, later)) == ("192.168.7.20", "2001:db8:7::20", "fe80::1")


def test_whom_a_router_forwards_is_not_the_handset() -> None:
    """Recorded behind the router, all of its network has one hardware address."""
    parts = [opening("192.168.7.20", "203.0.113.5", mac=ROUTER_MAC)]
    parts += [packet(f"203.0.113.{at}", "192.168.7.20", mac=ROUTER_MAC) for at in range(20, 60)]
    assert addresses(find(parts)) == ("192.168.7.20",)


def test_whom_the_handset_sends_to_is_another_though_both_have_one_hardware_address() -> None:
    parts = [opening("192.168.7.20", "203.0.113.5", mac=ROUTER_MAC)]
    parts += [packet("203.0.113.5", "192.168.7.20", sport=443, mac=ROUTER_MAC, dmac=ROUTER_MAC)]
    assert addresses(find(parts)) == ("192.168.7.20",)


def test_told_by_address_it_is_that_one_and_its_other_addresses() -> None:
    parts = [opening("192.168.7.21", "203.0.113.5", sport=40_000 + at) for at in range(9)]
    parts += [packet("192.168.7.20", "203.0.113.5"), packet("2001:db8:7::20", "2001:db8:c::1", mac=PHONE_MAC)]
    finder = find(parts, told="192.168.7.20")
    assert addresses(finder) == ("192.168.7.20", "2001:db8:7::20")
    assert finder.handset is not None
    assert finder.handset.why == "it was named beforehand"
    assert finder.is_handset(*read_address("2001:db8:7::20"))
    assert not finder.is_handset(*read_address("192.168.7.21"))


@pytest.mark.parametrize("told", ["02:00:00:00:00:01", "02-00-00-00-00-01"])
def test_told_by_hardware_address_its_addresses_are_learnt(told: str) -> None:
    parts = [packet("192.168.7.20", "203.0.113.5"), packet("192.168.7.21", "203.0.113.5")]
    assert addresses(find(parts, told=told)) == ("192.168.7.20",)


def test_told_by_hardware_address_also_what_it_is_sent_tells_its_address() -> None:
    finder = find([packet("203.0.113.5", "192.168.7.20", sport=443)], told="02:00:00:00:00:01")
    assert addresses(finder) == ("192.168.7.20",)


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("192.168.7.20", True),
        ("172.31.0.1", True),
        ("172.32.0.1", False),
        ("100.64.0.1", True),
        ("fe80::1", True),
        ("fd00::1", True),
        ("198.51.100.1", False),
        ("2001:db8::1", False),
    ],
)
def test_local_addresses_are_those_of_networks_of_ones_own(address: str, local: bool) -> None:
    assert is_local(address) is local


def test_a_server_on_the_phone_sends_its_answers_up() -> None:
    one = Conversation(ends=(("192.168.7.1", 50_000), ("192.168.7.20", 8_080)))
    packets = [*one.open(), *one.send(CLIENT, b"GET /status HTTP/1.1\r\nHost: phone\r\n\r\n")]
    packets += one.send(SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nimei")
    took = take(pcap(packets), handset="192.168.7.20")
    [exchange] = took.exchanges
    assert (exchange.address, exchange.port) == ("192.168.7.1", 50_000)
    assert stream(exchange, Direction.UP).endswith(b"imei")
    assert stream(exchange, Direction.DOWN).startswith(b"GET /status")


def test_a_raw_connection_to_the_phone_is_turned_round_too() -> None:
    one = Conversation(ends=(("192.168.7.1", 50_000), ("192.168.7.20", 5_555)))
    packets = [*one.open(), *one.send(CLIENT, b"\x00\x01ask"), *one.send(SERVER, b"\x00\x02tell you all")]
    took = take(pcap(packets), handset="192.168.7.20")
    assert took.bytes_up == len(b"\x00\x02tell you all")


def test_with_a_phone_that_was_told_others_are_left_out_and_counted() -> None:
    phone = Conversation(ends=(("192.168.7.20", 40_000), ("203.0.113.1", 80)))
    other = Conversation(ends=(("192.168.7.21", 40_000), ("203.0.113.1", 80)))
    ask = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
    packets = [*phone.open(), *phone.send(CLIENT, ask)]
    for packet in [*other.open(), *other.send(CLIENT, ask)]:
        frame = packet.frame.replace(PHONE_MAC.to_bytes(6), LAPTOP_MAC.to_bytes(6))
        packets.append(replace(packet, frame=frame))
    assert len(take(pcap(packets)).exchanges) == 2
    took = take(pcap(packets), handset="192.168.7.20")
    assert len(took.exchanges) == 1
    [problem] = took.problems
    assert problem.reason.startswith("1 packets with payload are of other devices than the handset")
    assert not problem.lost
