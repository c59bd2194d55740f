"""What stands between an EtherType and the network layer: VLAN tags, PPPoE, IEEE 802.2 headers.

Shared by the link types that name their payload by EtherType. Each step is taken for all packets that need it at
once, and the steps are bounded: nobody nests more than a few tags.
"""

import numpy as np

from phonehome.wire.columns import Column, Mask, gather, integers
from phonehome.wire.link.base import COUNTED, IPV4, IPV6, Stripped, Unread

MAX_TAGS = 8
"""How many headers may stand between the link header and the network layer."""

VLANS = (0x8100, 0x88A8, 0x9100, 0x9200)
"""IEEE 802.1Q, IEEE 802.1ad (QinQ), and what switches used before that."""

PPPOE = 0x8864
MAX_LENGTH = 1500
"""IEEE 802.3, 3.2.6: up to here the field is a length, and an IEEE 802.2 header follows."""

_TAG = np.dtype([("tag", ">u2"), ("kind", ">u2")])
_PPPOE = np.dtype([("version", "u1"), ("code", "u1"), ("session", ">u2"), ("length", ">u2"), ("kind", ">u2")])
_PPP = np.dtype([("number", ">u2")])
_LLC = np.dtype([("access", ">u2"), ("control", "u1"), ("organisation", "V3"), ("kind", ">u2")])
_SNAP = 0xAAAA
_LLC_IP = 0x0606
_PPP_KINDS = {0x0021: IPV4, 0x0057: IPV6}


def follow(stripped: Stripped, unread: Unread) -> Stripped:
    """Go on from an EtherType to the network layer, where something stands between them."""
    # One comparison for nearly every capture: IPv4 and IPv6 are what follows.
    for _ in range(MAX_TAGS):
        kind = stripped.kind
        if ((kind == IPV4) | (kind == IPV6)).all():
            break
        tagged = np.isin(kind, VLANS)
        sessions = kind == PPPOE
        lengths = (kind >= 0) & (kind <= MAX_LENGTH)
        if not (tagged.any() or sessions.any() or lengths.any()):
            break
        _take_tags(stripped, tagged, unread)
        _take_pppoe(stripped, sessions, unread)
        _take_llc(stripped, lengths, unread)
    return stripped


def ppp_payload(buffer: bytes, at: Column, unread: Unread) -> tuple[Column, Column]:
    """Read PPP's number of a protocol (RFC 1332, RFC 5072); two bytes must be there.

    Returns:
        The EtherType of what follows, and where it begins.
    """
    number = integers(gather(buffer, at, _PPP), "number")
    # RFC 1661, 6.5: the peers may agree to leave out a first byte of zero; the last byte alone is odd.
    compressed = number & 0x0100 != 0
    number = np.where(compressed, number >> 8, number)
    kind = np.full(len(number), COUNTED, np.int64)
    for known, ethertype in _PPP_KINDS.items():
        kind[number == known] = ethertype
    unread.add("PPP carries what is no IP", int((kind == COUNTED).sum()))
    return kind, at + np.where(compressed, 1, 2)


def _take_tags(stripped: Stripped, which: Mask, unread: Unread) -> None:
    rows = _whole(stripped, which, _TAG.itemsize, "a VLAN tag", unread)
    headers = gather(stripped.packets.buffer, stripped.packets.start[rows], _TAG)
    stripped.kind[rows] = integers(headers, "kind")
    stripped.packets.start[rows] += _TAG.itemsize


def _take_pppoe(stripped: Stripped, which: Mask, unread: Unread) -> None:
    rows = _whole(stripped, which, _PPPOE.itemsize, "a PPPoE header", unread)
    at = stripped.packets.start[rows] + _PPPOE.itemsize - _PPP.itemsize
    stripped.kind[rows], stripped.packets.start[rows] = ppp_payload(stripped.packets.buffer, at, unread)


def _take_llc(stripped: Stripped, which: Mask, unread: Unread) -> None:
    """Read an IEEE 802.2 header: a SNAP header with an EtherType, or IP by its own access point."""
    rows = _whole(stripped, which, _LLC.itemsize, "an IEEE 802.2 header", unread)
    headers = gather(stripped.packets.buffer, stripped.packets.start[rows], _LLC)
    access = integers(headers, "access")
    kind = np.full(len(rows), COUNTED, np.int64)
    snap = access == _SNAP
    kind[snap] = integers(headers, "kind")[snap]
    # A length inside a SNAP header would lead back here without end in sight: it is not one.
    kind[snap & (kind <= MAX_LENGTH)] = COUNTED
    kind[access == _LLC_IP] = IPV4
    unread.add("an IEEE 802.2 frame carries what is no IP", int((kind == COUNTED).sum()))
    stripped.kind[rows] = kind
    stripped.packets.start[rows] += np.where(access == _SNAP, _LLC.itemsize, 3)


def _whole(stripped: Stripped, which: Mask, size: int, what: str, unread: Unread) -> Column:
    """Give the rows that hold the whole header; the others count as read."""
    short = which & (stripped.packets.end - stripped.packets.start < size)
    if short.any():
        unread.add(f"{what} is cut", int(short.sum()))
        stripped.kind[short] = COUNTED
    return np.flatnonzero(which & ~short)
