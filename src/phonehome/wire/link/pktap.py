"""Apple's packet taps (LINKTYPE_PKTAP): what `tcpdump -i pktap` and iOS remote interfaces record.

A header tells the interface's own link type, whose packet follows; iOS writes the header under a private
number (LINKTYPE_USER2), too. The layout is that of `struct pktap_header` in Apple's XNU kernel, `bsd/net/pktap.h`.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from phonehome.wire.capture.base import App, Apps
from phonehome.wire.columns import gather, integers
from phonehome.wire.link.base import Packets, Strip, Stripped, Unread, join, long_enough

_HEADER_BYTES = 108
_LITTLE = np.dtype([("length", "<u4"), ("record", "<u4"), ("link", "<u4")])
_BIG = np.dtype([("length", ">u4"), ("record", ">u4"), ("link", ">u4")])
_PROCESSES = np.dtype(
    {
        "names": ["process", "effective"],
        "formats": ["V20", "V20"],
        "offsets": [56, 88],
        "itemsize": _HEADER_BYTES,
    }
)
_MAX_LENGTH = 4096
_PACKET = 1


def read_processes(packets: Packets, apps: Apps) -> NDArray[np.int32]:
    """Find the process that each packet belongs to: the one on whose behalf it was sent, where the header tells.

    Returns:
        The index in `apps.known` for each packet, −1 for none.
    """
    app = np.full(len(packets), -1, np.int32)
    whole = np.flatnonzero(packets.end - packets.start >= _HEADER_BYTES)
    rows = gather(packets.buffer, packets.start[whole], _PROCESSES)
    # Fixed strings of NumPy end at their zeros, as these do; in between there are none.
    effective, process = rows["effective"].view("S20"), rows["process"].view("S20")
    names, inverse = np.unique(np.where(effective == b"", process, effective), return_inverse=True)
    indexes = [_index(bytes(name), apps) for name in names]
    app[whole] = np.array(indexes, np.int32)[inverse] if indexes else -1
    return app


def _index(name: bytes, apps: Apps) -> int:
    text = name.split(b"\0", 1)[0].decode("utf-8", "ignore")
    return apps.describe(App(name=text)) if text else -1


def pktap(links: Mapping[int, Strip]) -> Strip:
    """Make the way to take off this header and the one behind it, which is of one of `links`."""

    def strip_pktap(packets: Packets, unread: Unread, /) -> Stripped:
        packets = long_enough(packets, _HEADER_BYTES, "a PKTAP packet", unread)
        little = gather(packets.buffer, packets.start, _LITTLE)
        big = gather(packets.buffer, packets.start, _BIG)
        is_big = integers(little, "length") > _MAX_LENGTH
        length = np.where(is_big, integers(big, "length"), integers(little, "length"))
        record = np.where(is_big, integers(big, "record"), integers(little, "record"))
        link = np.where(is_big, integers(big, "link"), integers(little, "link"))
        fits = (length >= _HEADER_BYTES) & (length <= packets.end - packets.start) & (record == _PACKET)
        unread.add("a PKTAP header is malformed", int((~fits).sum()))
        packets.start = np.where(fits, packets.start + length, packets.end)
        parts = []
        for number in np.unique(link[fits]).tolist():
            some = packets.pick(fits & (link == number))
            strip = links.get(number)
            if strip is None:
                unread.add("a PKTAP packet is of a link type that is not read", len(some))
            else:
                parts.append(strip(some, unread))
        return join(parts, packets.buffer)

    return strip_pktap
