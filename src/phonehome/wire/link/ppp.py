"""PPP (LINKTYPE_PPP, LINKTYPE_PPP_HDLC): an optional address and control field, then a protocol number."""

import numpy as np

from phonehome.wire.columns import gather, integers
from phonehome.wire.link.base import Packets, Stripped, Unread, long_enough, no_addresses
from phonehome.wire.link.ethertype import ppp_payload

_NUMBER = np.dtype([("number", ">u2")])
_ADDRESS_AND_CONTROL = 0xFF03


def strip_ppp(packets: Packets, unread: Unread) -> Stripped:
    """Take off a PPP header (RFC 1661, RFC 1662)."""
    packets = long_enough(packets, 4, "a PPP packet", unread)
    first = integers(gather(packets.buffer, packets.start, _NUMBER), "number")
    at = packets.start + np.where(first == _ADDRESS_AND_CONTROL, 2, 0)
    kind, packets.start = ppp_payload(packets.buffer, at, unread)
    none = no_addresses(packets)
    return Stripped(packets=packets, kind=kind, source=none, destination=none)
