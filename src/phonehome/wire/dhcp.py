"""DHCP messages: what a phone tells a network before it has an address, often its owner's name.

DHCPv4 (RFC 2131, options of RFC 2132, the client's full name of RFC 4702, long options of RFC 3396). DHCPv6 stands
beside, in `dhcpv6`, and gives the same `DhcpMessage`.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

from phonehome.model.errors import DecodeError
from phonehome.wire.dns_records import NameReader

Field = tuple[str, bytes]

MAX_OPTIONS = 1024
"""Options read of one message."""

_HEADER_BYTES = 236
_COOKIE = b"\x63\x82\x53\x63"
_PAD, _OVERLOAD, _TYPE, _END = 0, 52, 53, 255
_ETHERNET = 1
_MAC_BYTES = 6

_TYPES = ("", "DISCOVER", "OFFER", "REQUEST", "DECLINE", "ACK", "NAK", "RELEASE", "INFORM")

_ADDRESSES = {1: "subnet_mask", 3: "router", 4: "time_server", 6: "dns_server", 28: "broadcast_address"}
_ADDRESSES |= {42: "ntp_server", 44: "netbios_name_server", 50: "requested_address", 54: "server_id"}
_NUMBERS = {2: "time_offset", 26: "interface_mtu", 51: "lease_time", 57: "maximum_message_size"}
_NUMBERS |= {58: "renewal_time", 59: "rebinding_time", 80: "rapid_commit", 108: "ipv6_only_preferred"}
_TEXTS = {12: "host_name", 14: "merit_dump_file", 15: "domain_name", 17: "root_path", 56: "message"}
_TEXTS |= {60: "vendor_class", 66: "server_name", 67: "boot_file", 77: "user_class", 100: "timezone"}
_TEXTS |= {101: "timezone_name", 114: "captive_portal", 252: "proxy_configuration"}
_OTHERS = {
    43: "vendor_information",
    55: "parameter_list",
    61: "client_id",
    81: "fqdn",
    82: "relay_information",
}
_OTHERS |= {119: "domain_search", 121: "static_routes", 124: "vendor_identifying_class"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DhcpMessage:
    """One message of DHCPv4 or DHCPv6.

    Attributes:
        version: 4 or 6.
        kind: `DISCOVER`, `REQUEST`, `SOLICIT`…
        from_client: Sent by a client (or a relay in its place), not by a server.
        transaction: The number that joins a request with its answer.
        client_mac: The client's hardware address as `00:00:5e:00:53:01`, where the message tells it.
        assigned: Addresses that the message gives to the client.
        fields: Name and value in the message's order: text as it stands, numbers and addresses as people write them.
        raw: The message's bytes.
        note: What of it could not be read, in words that hold nothing of it.
    """

    version: int
    kind: str
    from_client: bool
    transaction: int
    client_mac: str | None = None
    assigned: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    raw: bytes = b""
    note: str | None = None

    def field(self, name: str) -> bytes | None:
        """The first field of a name, None without one."""
        return next((value for one, value in self.fields if one == name), None)


def parse_dhcp(data: bytes) -> DhcpMessage:
    """Read a DHCPv4 message.

    Raises:
        DecodeError: It is none: its fixed part or the cookie behind it is not there.
    """
    if (
        len(data) < _HEADER_BYTES + 4
        or data[_HEADER_BYTES : _HEADER_BYTES + 4] != _COOKIE
        or data[0] not in {1, 2}
    ):
        raise DecodeError(f"{len(data)} bytes that are no DHCP message")
    options, note = _join_options(data)
    kind = options.get(_TYPE, b"")
    fields = [_show(code, value) for code, value in options.items()]
    if not options.get(_OVERLOAD):
        texts = ("server_name", data[44:108]), ("boot_file", data[108:236])
        fields += [(name, text.split(b"\0", 1)[0]) for name, text in texts if text[0]]
    return DhcpMessage(
        version=4,
        kind=_TYPES[kind[0]] if len(kind) == 1 and 0 < kind[0] < len(_TYPES) else "BOOTP",
        from_client=data[0] == 1,
        transaction=int.from_bytes(data[4:8]),
        client_mac=write_mac(data[28:34]) if data[1:3] == bytes([_ETHERNET, _MAC_BYTES]) else None,
        assigned=(write_address(data[16:20]),) if any(data[16:20]) else (),
        fields=tuple(fields),
        raw=data,
        note=note,
    )


def _join_options(data: bytes) -> tuple[dict[int, bytes], str | None]:
    """Give each option's bytes; one that comes in pieces is joined (RFC 3396, 7)."""
    joined: dict[int, bytes] = {}
    areas, note = [data[_HEADER_BYTES + 4 :]], None
    seen = 0
    for area in areas:
        try:
            for code, value in _iter_options(area):
                seen += 1
                if seen > MAX_OPTIONS:
                    return joined, f"a DHCP message of more than {MAX_OPTIONS} options"
                joined[code] = joined.get(code, b"") + value
        except DecodeError as fault:
            note = str(fault)
        if area is areas[0]:  # the fields that options may run on into (RFC 2132, 9.3)
            overload = joined.get(_OVERLOAD, b"\0")[:1]
            areas += [data[108:236]] if overload in {b"\1", b"\3"} else []
            areas += [data[44:108]] if overload in {b"\2", b"\3"} else []
    return joined, note


def _iter_options(area: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(area) and area[at] != _END:
        if area[at] == _PAD:
            at += 1
            continue
        end = at + 2 + area[at + 1] if at + 1 < len(area) else len(area) + 1
        if end > len(area):
            raise DecodeError(f"DHCP option {area[at]} ends outside its message")
        yield area[at], area[at + 2 : end]
        at = end


def _show(code: int, value: bytes) -> Field:
    if code == _TYPE:
        return "message_type", str(int.from_bytes(value)).encode()
    if code in _ADDRESSES and value and len(value) % 4 == 0:
        addresses = (write_address(value[at : at + 4]) for at in range(0, len(value), 4))
        return _ADDRESSES[code], ",".join(addresses).encode()
    if code in _NUMBERS and len(value) <= 4:
        return _NUMBERS[code], str(int.from_bytes(value)).encode()
    match code:
        case 55:  # the order is a fingerprint of the operating system
            value = ",".join(map(str, value)).encode()
        case 61:
            value = _show_client_id(value)
        case 81:
            value = _show_full_name(value)
    name = (
        _TEXTS.get(code)
        or _ADDRESSES.get(code)
        or _NUMBERS.get(code)
        or _OTHERS.get(code)
        or f"option_{code}"
    )
    return name, value


def _show_client_id(value: bytes) -> bytes:
    """RFC 2132, 9.14: a hardware type before the identifier."""
    if len(value) == 1 + _MAC_BYTES and value[0] == _ETHERNET:
        return write_mac(value[1:]).encode()
    return value[1:] if value[:1] == b"\0" else value


def _show_full_name(value: bytes) -> bytes:
    """RFC 4702, 2: flags, two codes, then a name as text or, with the flag E, as in DNS."""
    return read_name(value[3:]) if value and value[0] & 4 else value[3:]


def read_name(data: bytes) -> bytes:
    """Read a DNS name that may lack its end (RFC 4702, 2.3.1; RFC 4704, 4.2); as it stands if it is none."""
    try:
        text, _ = NameReader(data.rstrip(b"\0") + b"\0").read(0)
    except DecodeError:
        return data
    return text.encode("utf-8", "surrogateescape")


def write_mac(data: bytes) -> str:
    """Write a hardware address as people do."""
    return data.hex(":")


def write_address(data: bytes) -> str:
    """Write an address of 4 or 16 bytes as people do."""
    return str(ipaddress.ip_address(data))
