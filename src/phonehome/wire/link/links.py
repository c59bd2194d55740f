"""The link types that are read, by their number in the registry of tcpdump.org."""

from phonehome.wire.link.base import Strip
from phonehome.wire.link.ethernet import strip_ethernet
from phonehome.wire.link.nflog import strip_nflog
from phonehome.wire.link.pktap import pktap
from phonehome.wire.link.ppp import strip_ppp
from phonehome.wire.link.raw import strip_loopback, strip_raw
from phonehome.wire.link.sll import strip_sll, strip_sll2
from phonehome.wire.link.wifi import strip_radiotap, strip_wifi

ETHERNET = 1
PKTAPS = (149, 258)
"""The second is its own; the first is for private use, and Apple's tools take it."""

_PLAIN: dict[int, Strip] = {
    0: strip_loopback,
    ETHERNET: strip_ethernet,
    9: strip_ppp,
    12: strip_raw,  # the number of raw IP inside most systems; some programs write it into files
    14: strip_raw,
    50: strip_ppp,
    101: strip_raw,
    105: strip_wifi,
    108: strip_loopback,
    113: strip_sll,
    127: strip_radiotap,
    228: strip_raw,
    229: strip_raw,
    239: strip_nflog,
    276: strip_sll2,
}

LINKS: dict[int, Strip] = _PLAIN | {number: pktap(_PLAIN) for number in PKTAPS}
