"""What phones tell a network by DHCP: their owner's name among it."""

import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_captures import run_tshark, write_datagrams

from phonehome.model.errors import DecodeError
from phonehome.wire.dhcp import MAX_OPTIONS, DhcpMessage, parse_dhcp
from phonehome.wire.dhcpv6 import MAX_RELAYS, parse_dhcpv6

MAC = bytes.fromhex("00005e005301")
MUTATIONS = 1500


def option(code: int, value: bytes) -> bytes:
    return bytes([code, len(value)]) + value


def message(
    *options: bytes, operation: int = 1, assigned: bytes = bytes(4), sname: bytes = b"", file: bytes = b""
) -> bytes:
    head = bytes([operation, 1, 6, 0]) + b"\1\2\3\4" + bytes(8) + assigned + bytes(8) + MAC.ljust(16, b"\0")
    return (
        head
        + sname.ljust(64, b"\0")
        + file.ljust(128, b"\0")
        + b"\x63\x82\x53\x63"
        + b"".join(options)
        + b"\xff"
    )


REQUEST = message(
    option(53, b"\3"),
    option(61, b"\1" + MAC),
    option(50, bytes([192, 0, 2, 50])),
    option(57, b"\5\xdc"),
    option(60, b"android-dhcp-13"),
    option(12, "Anna-Téléphone".encode()),
    option(55, bytes([1, 3, 6])),
    option(81, b"\0\0\0anna-phone.example"),
)


def test_a_request_tells_who_the_phone_is() -> None:
    read = parse_dhcp(REQUEST)
    assert (read.kind, read.from_client, read.transaction, read.note) == ("REQUEST", True, 0x01020304, None)
    assert (read.client_mac, read.assigned, read.raw) == ("00:00:5e:00:53:01", (), REQUEST)
    assert read.fields == (
        ("message_type", b"3"),
        ("client_id", b"00:00:5e:00:53:01"),
        ("requested_address", b"192.0.2.50"),
        ("maximum_message_size", b"1500"),
        ("vendor_class", b"android-dhcp-13"),
        ("host_name", "Anna-Téléphone".encode()),
        ("parameter_list", b"1,3,6"),
        ("fqdn", b"anna-phone.example"),
    )
    assert read.field("host_name") == "Anna-Téléphone".encode()
    assert read.field("message") is None


def test_an_answer_assigns_an_address() -> None:
    lists = option(6, bytes([192, 0, 2, 1, 192, 0, 2, 2])), option(51, b"\0\0\x0e\x10"), option(200, b"\1")
    read = parse_dhcp(message(option(53, b"\5"), *lists, operation=2, assigned=bytes([192, 0, 2, 50])))
    assert (read.kind, read.from_client, read.assigned) == ("ACK", False, ("192.0.2.50",))
    expected = (("dns_server", b"192.0.2.1,192.0.2.2"), ("lease_time", b"3600"), ("option_200", b"\1"))
    assert read.fields[1:] == expected


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        pytest.param([option(81, b"\4\0\0\4anna\5phone\0")], "fqdn", b"anna.phone", id="a name as in DNS"),
        pytest.param([option(81, b"\4\0\0\4anna")], "fqdn", b"anna", id="a name as in DNS without its end"),
        pytest.param([option(81, b"\4\0\0\xc0\0")], "fqdn", b"\xc0\0", id="a name that is none"),
        pytest.param([option(81, b"")], "fqdn", b"", id="an empty name"),
        pytest.param([option(61, b"\0anna")], "client_id", b"anna", id="a client ID in text"),
        pytest.param([option(61, b"\xff\1\2")], "client_id", b"\xff\1\2", id="a client ID of another kind"),
        pytest.param(
            [option(12, b"an"), option(12, b"na")], "host_name", b"anna", id="an option in two pieces"
        ),
        pytest.param([b"\0\0", option(12, b"anna")], "host_name", b"anna", id="padding"),
        pytest.param([option(50, b"\1\2\3")], "requested_address", b"\1\2\3", id="an address of three bytes"),
        pytest.param([option(51, bytes(9))], "lease_time", bytes(9), id="a number of nine bytes"),
    ],
)
def test_options_are_written_as_people_read_them(options: list[bytes], name: str, value: bytes) -> None:
    read = parse_dhcp(message(*options))
    assert (read.field(name), read.note, read.kind) == (value, None, "BOOTP")


def test_the_fields_of_the_header_are_read_or_taken_for_options() -> None:
    plain = parse_dhcp(message(sname=b"server", file=b"boot"))
    assert plain.fields == (("server_name", b"server"), ("boot_file", b"boot"))
    more = parse_dhcp(
        message(option(52, b"\3"), sname=option(12, b"na") + b"\xff", file=option(12, b"an") + b"\xff")
    )
    assert more.field("host_name") == b"anna"
    assert more.field("server_name") is None


def test_an_option_that_is_cut_is_noted() -> None:
    read = parse_dhcp(REQUEST[:-10])
    assert read.field("host_name") is not None
    assert read.note == "DHCP option 81 ends outside its message"


def test_options_are_bounded() -> None:
    read = parse_dhcp(message(*(option(12, b"") for _ in range(MAX_OPTIONS + 1))))
    assert read.note == f"a DHCP message of more than {MAX_OPTIONS} options"
    six = parse_dhcpv6(b"\1\0\0\1" + option6(14, b"") * (MAX_OPTIONS + 1))
    assert six.note == f"a DHCPv6 message of more than {MAX_OPTIONS} options"


def option6(code: int, value: bytes) -> bytes:
    return struct.pack(">HH", code, len(value)) + value


ADDRESS = bytes.fromhex("20010db8") + bytes(11) + b"\x05"
SOLICIT = b"\1\x0a\x0b\x0c" + b"".join(
    (
        option6(1, b"\0\1\0\1" + bytes(4) + MAC),
        option6(39, b"\1\4anna\5phone\0"),
        option6(16, struct.pack(">IH", 9, 7) + b"android"),
        option6(6, b"\0\x17\0\x18"),
        option6(8, b"\0\x0a"),
        option6(3, bytes(12)),
    )
)
REPLY = b"\7\x0a\x0b\x0c" + b"".join(
    (
        option6(1, b"\0\3\0\1" + MAC),
        option6(3, bytes(12) + option6(5, ADDRESS + bytes(8)) + option6(13, b"\0\0ok")),
        option6(25, bytes(12) + option6(26, bytes(8) + b"\x38" + ADDRESS)),
        option6(23, ADDRESS),
        option6(200, b"x"),
    )
)


def relay(inner: bytes, *options: bytes) -> bytes:
    return b"\x0c\0" + bytes(32) + b"".join(options) + option6(9, inner)


def test_a_solicitation_tells_who_the_phone_is() -> None:
    read = parse_dhcpv6(SOLICIT)
    assert (read.version, read.kind, read.from_client, read.transaction) == (6, "SOLICIT", True, 0x0A0B0C)
    assert (read.client_mac, read.assigned, read.note) == ("00:00:5e:00:53:01", (), None)
    assert read.fields[1:] == (
        ("fqdn", b"anna.phone"),
        ("vendor_class", b"android"),
        ("option_request", b"23,24"),
        ("elapsed_time", b"10"),
    )


def test_a_reply_assigns_addresses_and_prefixes() -> None:
    read = parse_dhcpv6(REPLY)
    assert (read.kind, read.from_client, read.client_mac) == ("REPLY", False, "00:00:5e:00:53:01")
    assert read.assigned == ("2001:db8::5", "2001:db8::5/56")
    assert read.fields[1:] == (("status", b"\0\0ok"), ("dns_server", b"2001:db8::5"), ("option_200", b"x"))


def test_a_relayed_message_is_read_with_what_the_relay_knows() -> None:
    read = parse_dhcpv6(relay(relay(b"\x0b\0\0\1"), option6(79, b"\0\1" + MAC)))
    assert (read.kind, read.client_mac) == ("INFORMATION-REQUEST", "00:00:5e:00:53:01")
    assert read.fields == (("client_link_address", b"00:00:5e:00:53:01"),)


def test_relays_are_bounded() -> None:
    data = SOLICIT
    for _ in range(MAX_RELAYS):
        data = relay(data)
    assert parse_dhcpv6(data).kind == "SOLICIT"
    with pytest.raises(DecodeError, match="relays"):
        parse_dhcpv6(relay(data))


@pytest.mark.parametrize("cut", [option6(3, b"short"), option6(5, ADDRESS), b"\0\1\0\xff", b"\0"])
def test_what_is_malformed_in_version_6_is_noted(cut: bytes) -> None:
    read = parse_dhcpv6(SOLICIT + cut)
    assert read.note is not None
    assert read.field("fqdn") == b"anna.phone"


Parse = Callable[[bytes], DhcpMessage]


@pytest.mark.parametrize(
    ("parse", "whole"), [(parse_dhcp, REQUEST), (parse_dhcpv6, REPLY), (parse_dhcpv6, relay(SOLICIT))]
)
def test_cut_or_changed_messages_raise_one_declared_error(parse: Parse, whole: bytes) -> None:
    chance = random.Random(11)
    changed = [whole[:end] for end in range(len(whole))]
    for _ in range(MUTATIONS):
        one = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            one[chance.randrange(len(one))] = chance.randrange(256)
        changed.append(bytes(one))
    read = 0
    for data in changed:
        try:
            parse(data)
        except DecodeError:
            continue
        read += 1
    assert read > MUTATIONS // 4


@given(st.binary(max_size=200), st.sampled_from([b"", REQUEST[:240]]))
def test_random_bytes_raise_one_declared_error(data: bytes, head: bytes) -> None:
    for parse in (parse_dhcp, parse_dhcpv6):
        try:
            parse(head + data)
        except DecodeError:
            continue


@pytest.mark.needs_tool("tshark")
def test_version_4_is_read_as_tshark_does(tmp_path: Path) -> None:
    path = tmp_path / "dhcp.pcap"
    request = REQUEST.replace("é".encode(), b"ee")  # tshark takes host names for ASCII
    write_datagrams(path, [(68, 67, request)])
    fields = ("dhcp.option.hostname", "dhcp.option.vendor_class_id", "dhcp.option.requested_ip_address")
    (seen,) = run_tshark(path, *fields, "dhcp.fqdn.name", "dhcp.hw.mac_addr", "dhcp.id")
    read = parse_dhcp(request)
    names = ("host_name", "vendor_class", "requested_address", "fqdn")
    found = [(read.field(name) or b"").decode() for name in names]
    # The hardware address stands in the header and in option 61.
    assert [*found, "|".join([read.client_mac or ""] * 2), f"0x{read.transaction:08x}"] == seen


@pytest.mark.needs_tool("tshark")
def test_version_6_is_read_as_tshark_does(tmp_path: Path) -> None:
    path = tmp_path / "dhcpv6.pcap"
    write_datagrams(path, [(546, 547, SOLICIT), (547, 546, REPLY)], version=6)
    fields = (
        "dhcpv6.msgtype",
        "dhcpv6.client_domain",
        "dhcpv6.iaaddr.ip",
        "dhcpv6.iaprefix.pref_addr",
        "dhcpv6.duidll.link_layer_addr",
    )
    solicit, reply = run_tshark(path, *fields)
    assert (solicit[0], solicit[1].rstrip(".")) == ("1", "anna.phone")
    read = parse_dhcpv6(REPLY)
    assert [*read.assigned, read.client_mac] == [reply[2], f"{reply[3]}/56", reply[4]]
