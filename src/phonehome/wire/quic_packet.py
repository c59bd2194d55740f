"""QUIC packets as far as anybody can read them: headers (RFC 9000, 17) and Initial packets (RFC 9001, 5.2).

An Initial packet is encrypted with keys that follow from a connection ID in clear, so that every observer can open it.
Version 2 (RFC 9369) and the last drafts, which older apps still speak, differ by salt, labels and type bits.
"""

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from phonehome.model.errors import DecodeError
from phonehome.wire.side import Side
from phonehome.wire.tls.schedule import expand_label

VERSION_1 = 0x00000001
VERSION_2 = 0x6B3343CF
DRAFT_29 = 0xFF00001D

_SALT_1 = bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a")
_SALT_2 = bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9")
_SALT_DRAFT_29 = bytes.fromhex("afbfec289993d24c9e9786f19c6111e04390a899")
# Drafts 29 to 32 share a salt; 33 and 34 have that of version 1 already.
_SALTS = {VERSION_1: _SALT_1, VERSION_2: _SALT_2, 0xFF000021: _SALT_1, 0xFF000022: _SALT_1}
_SALTS |= {DRAFT_29 + one: _SALT_DRAFT_29 for one in range(4)}

_LONG_HEADER = 0x80
_FIXED_BIT = 0x40
_MAX_ID_BYTES = 20
_SAMPLE_BYTES = 16
_TAG_BYTES = 16
_ZEROS = re.compile(rb"\0+")


class PacketKind(Enum):
    """What a packet is."""

    INITIAL = auto()
    ZERO_RTT = auto()
    HANDSHAKE = auto()
    RETRY = auto()
    VERSION_NEGOTIATION = auto()
    ONE_RTT = auto()
    UNKNOWN = auto()


_KINDS = (PacketKind.INITIAL, PacketKind.ZERO_RTT, PacketKind.HANDSHAKE, PacketKind.RETRY)


class PacketHeader(NamedTuple):
    """The clear part of a packet.

    `number_at` is where its protected number begins, `end` where the packet or the datagram ends; `missing` is
    how much of the packet its datagram does not hold.
    """

    kind: PacketKind
    version: int
    destination: bytes
    source: bytes
    start: int
    number_at: int
    end: int
    missing: int = 0


def version_name(version: int) -> str:
    """Write a version as people do: `1`, `2`, `draft-29`, or its number in hex."""
    match version:
        case 1:
            return "1"
        case 0x6B3343CF:
            return "2"
        case _ if version >> 8 == 0xFF0000:
            return f"draft-{version & 0xFF}"
        case _:
            return f"0x{version:08x}"


def is_readable(version: int) -> bool:
    """Tell whether Initial packets of a version can be opened here."""
    return version in _SALTS


def read_number(data: bytes, at: int) -> tuple[int, int]:
    """Read a variable-length integer (RFC 9000, 16); gives it and where it ends.

    Raises:
        DecodeError: It is cut.
    """
    if at >= len(data):
        raise DecodeError("a QUIC number ends outside its packet")
    size = 1 << (data[at] >> 6)
    if at + size > len(data):
        raise DecodeError("a QUIC number ends outside its packet")
    return int.from_bytes(data[at : at + size]) & (1 << size * 8 - 2) - 1, at + size


def iter_headers(datagram: bytes) -> Iterator[PacketHeader]:
    """Read the headers of the packets of a datagram (RFC 9000, 12.2); zeros behind the last are padding.

    Raises:
        DecodeError: A header is malformed; those before it were given.
    """
    at = 0
    while at < len(datagram):
        if not datagram[at] & _LONG_HEADER:
            if datagram.count(0, at) != len(datagram) - at:
                yield PacketHeader(PacketKind.ONE_RTT, 0, b"", b"", at, len(datagram), len(datagram))
            return
        header = _read_long_header(datagram, at)
        yield header
        if header.missing:
            raise DecodeError(f"a QUIC packet that ends {header.missing} bytes behind its datagram")
        at = header.end


def _read_long_header(data: bytes, start: int) -> PacketHeader:
    """Read a long header (RFC 8999 for what all versions share, RFC 9000, 17.2)."""
    version = int.from_bytes(data[start + 1 : start + 5])
    destination, at = _read_id(data, start + 5)
    source, at = _read_id(data, at)
    kind = _read_kind(data[start], version)
    end = len(data)
    if kind in {PacketKind.INITIAL, PacketKind.ZERO_RTT, PacketKind.HANDSHAKE}:
        if kind is PacketKind.INITIAL:
            size, at = read_number(data, at)
            at += size  # the token
        size, at = read_number(data, at)
        end = at + size
    missing = max(end - len(data), 0)
    return PacketHeader(kind, version, destination, source, start, at, end - missing, missing)


def _read_id(data: bytes, at: int) -> tuple[bytes, int]:
    end = at + 1 + data[at] if at < len(data) else at + 1
    if end > len(data):
        raise DecodeError("a QUIC connection ID ends outside its datagram")
    return data[at + 1 : end], end


def _read_kind(first: int, version: int) -> PacketKind:
    if version == 0:
        return PacketKind.VERSION_NEGOTIATION
    if not is_readable(version):
        return PacketKind.UNKNOWN
    bits = first >> 4 & 3
    return _KINDS[(bits - 1) & 3 if version == VERSION_2 else bits]


def read_versions(datagram: bytes, header: PacketHeader) -> tuple[int, ...]:
    """Read what a version negotiation packet offers (RFC 9000, 17.2.1)."""
    at = range(header.number_at, header.end - 3, 4)
    return tuple(int.from_bytes(datagram[one : one + 4]) for one in at)


def looks_like_quic(datagram: bytes) -> bool:
    """Tell whether a datagram begins with a QUIC packet of a known version, or with a version negotiation."""
    if len(datagram) < 7 or not datagram[0] & _LONG_HEADER:
        return False
    version = int.from_bytes(datagram[1:5])
    if version and not (datagram[0] & _FIXED_BIT and (is_readable(version) or version >> 8 == 0xFF0000)):
        return False
    try:
        header = next(iter_headers(datagram))
    except DecodeError:
        return False
    if version == 0 and (header.end - header.number_at) % 4:
        return False
    return len(header.destination) <= _MAX_ID_BYTES and len(header.source) <= _MAX_ID_BYTES


@dataclass(frozen=True, slots=True)
class InitialKeys:
    """What protects the Initial packets of one side."""

    key: bytes
    iv: bytes
    header: bytes


def derive_keys(version: int, client_id: bytes, side: Side) -> InitialKeys:
    """Derive a side's keys from the destination ID of the client's first packet (RFC 9001, 5.2; RFC 9369, 3.3)."""
    extracted = hmac.digest(_SALTS[version], client_id, "sha256")
    secret = expand_label("sha256", extracted, "client in" if side is Side.CLIENT else "server in", 32)
    prefix = "quicv2" if version == VERSION_2 else "quic"
    return InitialKeys(
        expand_label("sha256", secret, f"{prefix} key", 16),
        expand_label("sha256", secret, f"{prefix} iv", 12),
        expand_label("sha256", secret, f"{prefix} hp", 16),
    )


def open_initial(datagram: bytes, header: PacketHeader, keys: InitialKeys) -> bytes | None:
    """Decrypt an Initial packet (RFC 9001, 5.3 and 5.4); None if the keys are not its own."""
    at, end = header.number_at, header.end
    if header.missing or end - at < 4 + _SAMPLE_BYTES:
        return None
    # One block to make a mask from, as RFC 9001, 5.4.3 has it: nothing is kept secret by this.
    ecb = Cipher(algorithms.AES(keys.header), modes.ECB()).encryptor()  # noqa: S305
    mask = ecb.update(datagram[at + 4 : at + 4 + _SAMPLE_BYTES])
    first = datagram[header.start] ^ mask[0] & 0x0F
    size = (first & 3) + 1
    number = bytes(a ^ b for a, b in zip(datagram[at : at + size], mask[1:], strict=False))
    clear = bytes([first]) + datagram[header.start + 1 : at] + number
    nonce = int.from_bytes(keys.iv) ^ int.from_bytes(number)
    try:
        return AESGCM(keys.key).decrypt(nonce.to_bytes(12), datagram[at + size : end], clear)
    except InvalidTag:
        return None


def iter_crypto(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """Give offset and bytes of the CRYPTO frames of an opened Initial packet (RFC 9000, 19).

    Raises:
        DecodeError: A frame is malformed, or of a kind that an Initial packet cannot hold.
    """
    at = 0
    while at < len(payload):
        kind = payload[at]
        match kind:
            case 0x00:
                padding = _ZEROS.match(payload, at)
                at = padding.end() if padding is not None else at + 1
            case 0x01:
                at += 1
            case 0x02 | 0x03:
                at = _skip_acknowledgement(payload, at + 1, counts=kind & 1)
            case 0x06:
                offset, at = read_number(payload, at + 1)
                size, at = read_number(payload, at)
                if at + size > len(payload):
                    raise DecodeError("a QUIC CRYPTO frame ends outside its packet")
                yield offset, payload[at : at + size]
                at += size
            case 0x1C:
                return  # CONNECTION_CLOSE: nothing of ours comes behind it
            case _:
                raise DecodeError(f"a QUIC Initial packet with a frame of type {kind}")


def _skip_acknowledgement(payload: bytes, at: int, *, counts: int) -> int:
    for _ in range(2):
        _, at = read_number(payload, at)
    ranges, at = read_number(payload, at)
    # Each number takes a byte at least, so a count that lies ends at the end of the packet.
    for _ in range(1 + 2 * ranges + 3 * counts):
        _, at = read_number(payload, at)
    return at
