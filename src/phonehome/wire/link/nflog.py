"""Linux netfilter logs (LINKTYPE_NFLOG): an address family, then fields with their length and type.

The fields are in the recording machine's byte order, which the file does not tell: a type has a small number, so the
first field shows it. The packet is one of the fields.
"""

import numpy as np

from phonehome.wire.columns import Column, byte_at, gather, integers
from phonehome.wire.link.base import COUNTED, IPV4, IPV6, Packets, Stripped, Unread, long_enough, no_addresses

MAX_FIELDS = 32
"""How many fields of one packet are looked at."""

_HEADER_BYTES = 4
_LITTLE = np.dtype([("length", "<u2"), ("kind", "<u2")])
_BIG = np.dtype([("length", ">u2"), ("kind", ">u2")])
_PAYLOAD = 9
_AF_INET, _AF_INET6 = 2, 10


def strip_nflog(packets: Packets, unread: Unread) -> Stripped:
    """Find the packet among the fields."""
    packets = long_enough(packets, _HEADER_BYTES + _LITTLE.itemsize, "a netfilter log", unread)
    family = byte_at(packets.buffer, packets.start)
    kind = np.where(family == _AF_INET, IPV4, np.where(family == _AF_INET6, IPV6, COUNTED))
    unread.add("a netfilter log is of an address family other than IP", int((kind == COUNTED).sum()))
    start, end = _find_payload(packets)
    lost = (start < 0) & (kind != COUNTED)
    unread.add("a netfilter log holds no packet", int(lost.sum()))
    kind[lost] = COUNTED
    packets.start = np.where(start < 0, packets.end, start)
    packets.end = np.where(start < 0, packets.end, end)
    none = no_addresses(packets)
    return Stripped(packets=packets, kind=kind, source=none, destination=none)


def _find_payload(packets: Packets) -> tuple[Column, Column]:
    """Give where the payload fields begin and end; −1 where there is none."""
    buffer = packets.buffer
    at = packets.start + _HEADER_BYTES
    big = integers(gather(buffer, at, _LITTLE), "kind") > 0xFF
    start = np.full(len(packets), -1, np.int64)
    end = np.full(len(packets), -1, np.int64)
    rows = np.arange(len(packets))
    for _ in range(MAX_FIELDS):
        rows = rows[packets.end[rows] - at[rows] >= _LITTLE.itemsize]
        if not len(rows):
            break
        little_headers, big_headers = gather(buffer, at[rows], _LITTLE), gather(buffer, at[rows], _BIG)
        length = np.where(big[rows], big_headers["length"], little_headers["length"]).astype(np.int64)
        kind = np.where(big[rows], big_headers["kind"], little_headers["kind"])
        found = (kind == _PAYLOAD) & (length >= _LITTLE.itemsize)
        start[rows[found]] = at[rows[found]] + _LITTLE.itemsize
        end[rows[found]] = np.minimum(at[rows[found]] + length[found], packets.end[rows[found]])
        go_on = ~found & (length >= _LITTLE.itemsize)
        rows, length = rows[go_on], length[go_on]
        at[rows] += (length + 3) // 4 * 4
    return start, end
