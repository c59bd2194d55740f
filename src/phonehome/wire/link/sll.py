"""Linux "cooked" captures (LINKTYPE_LINUX_SLL and SLL2): what `tcpdump -i any` writes.

They keep only the sender's hardware address, and name the payload by EtherType.
"""

import numpy as np

from phonehome.wire.columns import gather, integers, words
from phonehome.wire.link.base import Packets, Stripped, Unread, long_enough, no_addresses
from phonehome.wire.link.ethertype import follow

_SLL = np.dtype(
    {
        "names": ["address_length", "address", "kind"],
        "formats": [">u2", ">u8", ">u2"],
        "offsets": [4, 6, 14],
        "itemsize": 16,
    }
)
_SLL2 = np.dtype(
    {
        "names": ["address_length", "address", "kind"],
        "formats": ["u1", ">u8", ">u2"],
        "offsets": [11, 12, 0],
        "itemsize": 20,
    }
)
_ETHERNET_ADDRESS = 6


def strip_sll(packets: Packets, unread: Unread) -> Stripped:
    """Take off a header of the first version."""
    return _strip(packets, unread, _SLL)


def strip_sll2(packets: Packets, unread: Unread) -> Stripped:
    """Take off a header of the second version."""
    return _strip(packets, unread, _SLL2)


def _strip(packets: Packets, unread: Unread, layout: np.dtype[np.void]) -> Stripped:
    packets = long_enough(packets, layout.itemsize, "a Linux cooked packet", unread)
    rows = gather(packets.buffer, packets.start, layout)
    packets.start = packets.start + layout.itemsize
    address = words(rows, "address") >> np.uint64(16)
    stripped = Stripped(
        packets=packets,
        kind=integers(rows, "kind"),
        source=np.where(integers(rows, "address_length") == _ETHERNET_ADDRESS, address, np.uint64(0)),
        destination=no_addresses(packets),
    )
    return follow(stripped, unread)
