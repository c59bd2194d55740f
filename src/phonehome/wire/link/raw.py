"""Link layers that are next to nothing: raw IP, and the loopback of BSD with its address family in front.

Raw IP is told by the version in its first four bits, also where the link type names one. The address family is
a number of the recording machine's, in its byte order (LINKTYPE_NULL) or in network order (LINKTYPE_LOOP); IPv6
has another number on each system.
"""

import numpy as np

from phonehome.wire.columns import Column, byte_at, gather, integers
from phonehome.wire.link.base import COUNTED, IPV4, IPV6, Packets, Stripped, Unread, long_enough, no_addresses

_FAMILY = np.dtype([("family", "<u4")])
_AF_INET = 2
_AF_INET6 = (10, 23, 24, 28, 30)
"""Linux; Windows; NetBSD and OpenBSD; FreeBSD; macOS and iOS."""


def strip_raw(packets: Packets, unread: Unread) -> Stripped:
    """Tell the version of an IP packet that stands alone."""
    packets = long_enough(packets, 1, "a raw IP packet", unread)
    version = byte_at(packets.buffer, packets.start) >> 4
    kind = np.where(version == 4, IPV4, np.where(version == 6, IPV6, COUNTED))
    unread.add("a raw packet has no known IP version", int((kind == COUNTED).sum()))
    return _stripped(packets, kind)


def strip_loopback(packets: Packets, unread: Unread) -> Stripped:
    """Take off an address family, in either byte order."""
    packets = long_enough(packets, _FAMILY.itemsize, "a loopback packet", unread)
    family = integers(gather(packets.buffer, packets.start, _FAMILY), "family")
    # No family has a number above 255: one that seems to is written in the other order.
    swapped = family > 0xFFFF
    family = np.where(swapped, (family >> 24) | ((family >> 8) & 0xFF00), family)
    kind = np.full(len(packets), COUNTED, np.int64)
    kind[family == _AF_INET] = IPV4
    kind[np.isin(family, _AF_INET6)] = IPV6
    unread.add("a loopback packet is of an address family other than IP", int((kind == COUNTED).sum()))
    packets.start = packets.start + _FAMILY.itemsize
    return _stripped(packets, kind)


def _stripped(packets: Packets, kind: Column) -> Stripped:
    none = no_addresses(packets)
    return Stripped(packets=packets, kind=kind, source=none, destination=none)
