"""PCAPdroid's trailer, taken off the frames that end in one."""

import numpy as np
from numpy.typing import NDArray

from phonehome.wire.capture.base import Apps
from phonehome.wire.capture.pcapdroid import TRAILER_BYTES, find_trailers
from phonehome.wire.columns import Column, gather, integers
from phonehome.wire.link.base import IPV4, Stripped

_IPV4_LENGTH = np.dtype([("length", ">u2")])
_IPV6_HEADER_BYTES = 40
_NONE = -1


def take_trailers(stripped: Stripped, cut: Column, apps: Apps) -> NDArray[np.int32] | None:
    """Take PCAPdroid's trailers off IP packets that Ethernet headers were taken off.

    Args:
        stripped: The packets; their ends move to before the trailer.
        cut: How many bytes of each the snap length kept out.
        apps: Learns the apps that trailers name.

    Returns:
        The app of each packet, −1 for none; None when no packet has a trailer.
    """
    # It makes up the Ethernet header, with no addresses in it: no other frame is looked at, for its last bytes
    # may be anything that somebody sends.
    packets = stripped.packets
    made_up = np.flatnonzero((stripped.source == 0) & (stripped.destination == 0))
    if not len(made_up):
        return None
    found = find_trailers(packets.buffer, packets.start[made_up], packets.end[made_up], apps)
    if found is None:
        return None
    rows, found = made_up[found > -2], found[found > -2]
    app = np.full(len(packets), _NONE, np.int32)
    app[rows] = found
    packets.end = packets.end.copy()
    packets.end[rows] -= TRAILER_BYTES
    _drop_padding(stripped, rows, cut)
    return app


def _drop_padding(stripped: Stripped, rows: Column, cut: Column) -> None:
    """Move the ends of cut packets to before the padding: of whole ones the IP header tells the length."""
    packets = stripped.packets
    rows = rows[(cut[rows] > 0) & (packets.end[rows] - packets.start[rows] >= 6)]
    four = stripped.kind[rows] == IPV4
    at = packets.start[rows] + np.where(four, 2, 4)
    length = integers(gather(packets.buffer, at, _IPV4_LENGTH), "length")
    length = length + np.where(four, 0, _IPV6_HEADER_BYTES)
    kept = packets.end[rows] - packets.start[rows]
    told = length - cut[rows]
    # Three bytes of padding at most: what differs more is no such packet.
    packets.end[rows] -= np.where((kept - told > 0) & (kept - told <= 3), kept - told, 0)
