"""Ethernet: two addresses of six bytes and an EtherType."""

import numpy as np

from phonehome.wire.columns import gather, integers, words
from phonehome.wire.link.base import Packets, Stripped, Unread, long_enough
from phonehome.wire.link.ethertype import follow

# NumPy has no number of six bytes: read eight, and shift away the two behind.
_HEADER = np.dtype(
    {
        "names": ["destination", "source", "kind"],
        "formats": [">u8", ">u8", ">u2"],
        "offsets": [0, 6, 12],
        "itemsize": 14,
    }
)
_EXCESS = np.uint64(16)


def strip_ethernet(packets: Packets, unread: Unread) -> Stripped:
    """Take off an Ethernet header and what stands between it and the network layer."""
    packets = long_enough(packets, _HEADER.itemsize, "an Ethernet frame", unread)
    rows = gather(packets.buffer, packets.start, _HEADER)
    packets.start = packets.start + _HEADER.itemsize
    stripped = Stripped(
        packets=packets,
        kind=integers(rows, "kind"),
        source=words(rows, "source") >> _EXCESS,
        destination=words(rows, "destination") >> _EXCESS,
    )
    return follow(stripped, unread)
