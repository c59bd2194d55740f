"""DHCPv6 messages (RFC 8415), the client's full name (RFC 4704) and its hardware address (RFC 6939) among them."""

import struct
from collections.abc import Iterator

from phonehome.model.errors import DecodeError
from phonehome.wire.dhcp import MAX_OPTIONS, DhcpMessage, Field, read_name, write_address, write_mac

MAX_RELAYS = 8
"""Relays looked through; RFC 8415, 7.6 has the same limit."""

_TYPES: tuple[str, ...] = (
    *("", "SOLICIT", "ADVERTISE", "REQUEST", "CONFIRM", "RENEW", "REBIND", "REPLY", "RELEASE", "DECLINE"),
    *("RECONFIGURE", "INFORMATION-REQUEST", "RELAY-FORW", "RELAY-REPL"),
)
_FROM_SERVER = frozenset({"ADVERTISE", "REPLY", "RECONFIGURE"})
_RELAY_HEADER_BYTES = 34
_RELAYED = 9
_OPTION = struct.Struct(">HH")
_CLIENT_ID = 1

_NAMES = {
    1: "client_id",
    2: "server_id",
    6: "option_request",
    8: "elapsed_time",
    13: "status",
    14: "rapid_commit",
}
_NAMES |= {
    15: "user_class",
    16: "vendor_class",
    17: "vendor_information",
    18: "interface_id",
    23: "dns_server",
}
_NAMES |= {24: "domain_search", 31: "sntp_server", 37: "remote_id", 39: "fqdn", 79: "client_link_address"}
# What stands before the options that these hold (RFC 8415, 21.4 to 21.6, 21.21 and 21.22).
_HOLDERS = {3: 12, 4: 4, 5: 24, 25: 12, 26: 25}
_ADDRESS, _PREFIX = 5, 26


def parse_dhcpv6(data: bytes) -> DhcpMessage:
    """Read a DHCPv6 message; of a relayed one, what the relay passed on.

    Raises:
        DecodeError: It is of no known type, too short, or relayed too often.
    """
    message, relay_fields = data, list[Field]()
    for _ in range(MAX_RELAYS + 1):
        if len(message) < 4 or not 0 < message[0] < len(_TYPES):
            raise DecodeError(f"{len(message)} bytes that are no DHCPv6 message")
        kind = _TYPES[message[0]]
        if not kind.startswith("RELAY"):
            return _read(data, message, kind, relay_fields)
        options, _note = _read_options(message[_RELAY_HEADER_BYTES:])
        relay_fields += [_show(code, value) for code, value in options if code != _RELAYED]
        message = dict(options).get(_RELAYED, b"")
    raise DecodeError(f"a DHCPv6 message that went over more than {MAX_RELAYS} relays")


def _read(data: bytes, message: bytes, kind: str, relay_fields: list[Field]) -> DhcpMessage:
    options, note = _read_options(message[4:])
    fields = [_show(code, value) for code, value in options if code not in _HOLDERS]
    assigned = [write_address(value[:16]) for code, value in options if code == _ADDRESS]
    assigned += [f"{write_address(value[9:25])}/{value[8]}" for code, value in options if code == _PREFIX]
    mac = dict(relay_fields).get("client_link_address")
    return DhcpMessage(
        version=6,
        kind=kind,
        from_client=kind not in _FROM_SERVER,
        transaction=int.from_bytes(message[1:4]),
        client_mac=mac.decode("ascii", "replace") if mac else _find_mac(dict(options).get(_CLIENT_ID, b"")),
        assigned=tuple(assigned),
        fields=(*relay_fields, *fields),
        raw=data,
        note=note,
    )


def _read_options(data: bytes) -> tuple[list[tuple[int, bytes]], str | None]:
    """Give all options, those within others behind their holder; with them what stopped the reading."""
    found: list[tuple[int, bytes]] = []
    try:
        for code, value in _iter_options(data):
            found.append((code, value))
            if code in _HOLDERS:
                # Addresses stand within an association, and only a status within them: two levels are all.
                found += _iter_options(value[_HOLDERS[code] :])
            if len(found) > MAX_OPTIONS:
                return found[:MAX_OPTIONS], f"a DHCPv6 message of more than {MAX_OPTIONS} options"
    except DecodeError as fault:
        return found, str(fault)
    return found, None


def _iter_options(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(data):
        if at + _OPTION.size > len(data):
            raise DecodeError("a DHCPv6 option ends outside its message")
        code, size = _OPTION.unpack_from(data, at)
        at += _OPTION.size
        if at + size > len(data):
            raise DecodeError(f"DHCPv6 option {code} ends outside its message")
        _check_size(code, data[at : at + size])
        yield code, data[at : at + size]
        at += size


def _check_size(code: int, value: bytes) -> None:
    if len(value) < _HOLDERS.get(code, 0):
        raise DecodeError(f"DHCPv6 option {code} of {len(value)} bytes is too short")


def _show(code: int, value: bytes) -> Field:
    name = _NAMES.get(code, f"option_{code}")
    match code:
        case 6:
            value = ",".join(
                str(value[at] << 8 | value[at + 1]) for at in range(0, len(value) - 1, 2)
            ).encode()
        case 8:
            value = str(int.from_bytes(value[:2])).encode()
        case 16:  # the enterprise's number, then strings (RFC 8415, 21.16)
            value = value[6:] if len(value) > 6 else value
        case 23 | 31 if value and len(value) % 16 == 0:
            value = ",".join(write_address(value[at : at + 16]) for at in range(0, len(value), 16)).encode()
        case 39:
            value = read_name(value[1:])
        case 79 if len(value) == 8:
            value = write_mac(value[2:]).encode()
    return name, value


def _find_mac(identifier: bytes) -> str | None:
    """Find the hardware address in a DUID (RFC 8415, 11.2 and 11.4)."""
    kind, hardware = identifier[:2], identifier[2:4]
    address = identifier[8:] if kind == b"\0\1" else identifier[4:] if kind == b"\0\3" else b""
    return write_mac(address) if hardware == b"\0\1" and len(address) == 6 else None
