"""The blocks of a pcapng file that hold no packets: sections, interfaces, names, secrets."""

import struct
from collections.abc import Iterator

from phonehome.model.errors import DecodeError
from phonehome.wire.capture.base import Interface, Names, Secrets
from phonehome.wire.tls.keylog import has_no_secrets

SECTION, INTERFACE, OBSOLETE_PACKET, SIMPLE_PACKET = 0x0A0D0D0A, 1, 2, 3
NAMES, STATISTICS, PACKET, JOURNAL, SECRETS = 4, 5, 6, 9, 10
CUSTOM, CUSTOM_NOT_COPIED = 0x0BAD, 0x40000BAD
EVENTS = (0x204, 0x208, 0x216, 0x217, 0x221, 0x222)
"""Sysdig's events."""

PACKETS = (PACKET, SIMPLE_PACKET, OBSOLETE_PACKET)
NUMBERED = (CUSTOM, CUSTOM_NOT_COPIED, JOURNAL, *EVENTS)
"""Blocks without a packet that Wireshark gives a packet's number nevertheless."""

KNOWN = (SECTION, INTERFACE, *PACKETS, NAMES, STATISTICS, SECRETS, *NUMBERED)

BYTE_ORDER_MAGIC = 0x1A2B3C4D
MAX_OPTIONS = 64
"""How many options of one block are read."""

MAX_NAMES = 1 << 16
"""How many names one block may give."""

_IF_NAME, _IF_TSRESOL, _IF_FCSLEN, _IF_TSOFFSET = 2, 9, 13, 14
_IPV4_RECORD, _IPV6_RECORD = 1, 2


def section_order(block: bytes) -> str | None:
    """Tell the byte order of the section whose header begins so, `<` or `>`; None for no section header."""
    if block[8:12] == BYTE_ORDER_MAGIC.to_bytes(4, "little"):
        return "<"
    return ">" if block[8:12] == BYTE_ORDER_MAGIC.to_bytes(4, "big") else None


def parse_interface(body: bytes, order: str) -> Interface:
    """Read an interface description block's body.

    Raises:
        DecodeError: It is shorter than its fixed fields.
    """
    if len(body) < 8:
        raise DecodeError("an interface description is cut")
    link, snap_length = struct.unpack(f"{order}H2xI", body[:8])
    name, units, offset, check_bytes = None, 1_000_000, 0, 0
    for code, value in _options(body[8:], order):
        if code == _IF_NAME:
            name = value.split(b"\0", 1)[0].decode("utf-8", "replace") or None
        elif code == _IF_TSRESOL and value:
            units = _units(value[0])
        elif code == _IF_TSOFFSET and len(value) == 8:
            offset = struct.unpack(f"{order}q", value)[0]
        elif code == _IF_FCSLEN and value:
            check_bytes = value[0] if value[0] <= 8 else 0
    return Interface(
        link=link, name=name, snap_length=snap_length, units=units, offset=offset, check_bytes=check_bytes
    )


def parse_secrets(body: bytes, order: str) -> Secrets:
    """Read a decryption secrets block's body.

    Raises:
        DecodeError: It is shorter than it says, or says that it holds a key log and holds none.
    """
    if len(body) < 8:
        raise DecodeError("a decryption secrets block is cut")
    kind, size = struct.unpack(f"{order}II", body[:8])
    if size > len(body) - 8:
        raise DecodeError("a decryption secrets block is shorter than its secrets")
    secrets = Secrets(kind=kind, data=body[8 : 8 + size])
    if secrets.is_tls_key_log and has_no_secrets(secrets.data):
        raise DecodeError("a decryption secrets block holds no line of a key log")
    return secrets


def iter_names(body: bytes, order: str) -> Iterator[Names]:
    """Read a name resolution block's body; records of other kinds of address are passed over."""
    given = 0
    for kind, value in _options(body, order, MAX_NAMES):
        size = {_IPV4_RECORD: 4, _IPV6_RECORD: 16}.get(kind, len(value))
        for name in value[size:].split(b"\0"):
            if name and given < MAX_NAMES:
                given += 1
                yield Names(address=value[:size], name=name.decode("utf-8", "replace"))


def _options(data: bytes, order: str, most: int = MAX_OPTIONS) -> Iterator[tuple[int, bytes]]:
    """Read options, or records of the same form, up to the end mark or the first that is cut."""
    at = 0
    for _ in range(most):
        if at + 4 > len(data):
            return
        code, length = struct.unpack_from(f"{order}HH", data, at)
        if code == 0 or at + 4 + length > len(data):
            return
        yield code, data[at + 4 : at + 4 + length]
        at += 4 + (length + 3) // 4 * 4


def _units(resolution: int) -> int:
    """How many units of time a second has: a power of ten, or with the highest bit set, of two."""
    return 1 << (resolution & 0x7F) if resolution & 0x80 else 10**resolution
