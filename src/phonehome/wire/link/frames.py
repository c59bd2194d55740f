"""Takes the link headers off a window of packets, whatever its interfaces are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phonehome.wire.capture.base import Apps, Window
from phonehome.wire.columns import Column, Words
from phonehome.wire.link.base import COUNTED, IPV4, IPV6, Packets, Stripped, Unread, join
from phonehome.wire.link.links import ETHERNET, LINKS, PKTAPS
from phonehome.wire.link.pktap import read_processes
from phonehome.wire.link.trailer import take_trailers

_NO_IP = {0x0806: "ARP", 0x88CC: "LLDP", 0x888E: "EAPOL", 0x8863: "PPPoE discovery", 0x8847: "MPLS"}
_MAX_REASONS = 64
_IPV4_VERSION = 4
_IPV6_VERSION = 6


@dataclass(slots=True, kw_only=True)
class Frames:
    """The IP packets of a window, as columns of one length in the order of the recording.

    Attributes:
        buffer: Where they lie: the window's own.
        number: The packet's number in the file, from 1.
        time: Nanoseconds since the epoch.
        start: Where the IP packet begins.
        end: Where what was kept of it ends, padding behind it included.
        cut: How many bytes behind `end` the snap length kept out.
        family: 4 or 6.
        src_mac: Hardware address of the sender, 0 for none.
        dst_mac: Likewise of the receiver.
        app: Index into `apps.known`, −1 for none.
        apps: The apps that the capture named so far.
        unread: Why packets of the window are not among them (`ARP`, `link type 147 is not read`), and how many.
    """

    buffer: bytes
    number: Column
    time: Column
    start: Column
    end: Column
    cut: Column
    family: Column
    src_mac: Words
    dst_mac: Words
    app: NDArray[np.int32]
    apps: Apps
    unread: dict[str, int]

    def __len__(self) -> int:
        return len(self.number)


def strip_link(window: Window) -> Frames:
    """Take the link headers off a window of packets."""
    unread = Unread()
    parts = _strip_each(window, unread)
    joined = join(parts, window.buffer)
    row = joined.packets.row
    app = _named_apps(window)[row]
    cut = window.original[row] - window.captured[row]
    if any(interface.link == ETHERNET for interface in window.interfaces):
        trailers = take_trailers(joined, cut, window.apps)
        app = app if trailers is None else trailers
    return Frames(
        buffer=window.buffer,
        number=window.number[row],
        time=window.time[row],
        start=joined.packets.start,
        end=joined.packets.end,
        cut=cut,
        family=np.where(joined.kind == IPV6, _IPV6_VERSION, _IPV4_VERSION),
        src_mac=joined.source,
        dst_mac=joined.destination,
        app=app,
        apps=window.apps,
        unread=unread,
    )


def _named_apps(window: Window) -> NDArray[np.int32]:
    """Give the app of each packet of a window, as the file's format or a link layer names it."""
    app = np.full(len(window), -1, np.int32) if window.app is None else window.app
    taps = [place for place, one in enumerate(window.interfaces) if one.link in PKTAPS]
    if not taps:
        return app
    rows = np.flatnonzero(np.isin(window.interface, taps))
    app = app.copy()
    app[rows] = read_processes(_packets(window).pick(rows), window.apps)
    return app


def _packets(window: Window) -> Packets:
    return Packets(
        buffer=window.buffer,
        row=np.arange(len(window), dtype=np.int64),
        start=window.start,
        end=window.start + window.captured,
    )


def _strip_each(window: Window, unread: Unread) -> list[Stripped]:
    """Strip the packets of each link type together."""
    packets = _packets(window)
    links = np.array([interface.link for interface in window.interfaces] or [0], np.int64)
    link_of = links[window.interface]
    present = sorted(set(links[np.flatnonzero(np.bincount(window.interface, minlength=1))].tolist()))
    parts = []
    for link in present:
        some = packets if len(present) == 1 else packets.pick(link_of == link)
        strip = LINKS.get(link)
        if strip is None:
            unread.add(f"link type {link} is not read", len(some))
        else:
            parts.append(_only_ip(strip(some, unread), unread))
    return parts


def _only_ip(part: Stripped, unread: Unread) -> Stripped:
    """Keep the IP packets; count the others by what they are."""
    is_ip = (part.kind == IPV4) | (part.kind == IPV6)
    if is_ip.all():
        return part
    kinds, counts = np.unique(part.kind[~is_ip], return_counts=True)
    for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True):
        if kind == COUNTED:
            continue
        reason = _NO_IP.get(kind, f"EtherType 0x{kind:04x} is not read")
        unread.add(reason if len(unread) < _MAX_REASONS else "other EtherTypes are not read", count)
    return Stripped(
        packets=part.packets.pick(is_ip),
        kind=part.kind[is_ip],
        source=part.source[is_ip],
        destination=part.destination[is_ip],
    )
