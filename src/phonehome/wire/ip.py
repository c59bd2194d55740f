"""IP, for a window of packets at once.

Ordinary packets are read as columns: a version, a length, two addresses, a protocol. Packets with extension
headers, fragments and tunnels are taken out of the columns, walked one by one (`tunnels`), and put back in
their places; then the transport headers of all are read as columns again (`transport`).
"""

import numpy as np

from phonehome.model.errors import DecodeError
from phonehome.wire.columns import Column, Mask, gather, integers, words
from phonehome.wire.fragments import Fragments
from phonehome.wire.link.base import Unread
from phonehome.wire.link.frames import Frames
from phonehome.wire.segments import Segments
from phonehome.wire.transport import TCP, UDP, Network, Transport, payload, read_transport
from phonehome.wire.tunnels import EXTENSIONS, GTP_PORT, TUNNELS, Layer, unwrap

__all__ = ["IpLayer", "Segments"]

_IPV4 = np.dtype(
    [
        ("version", "u1"),
        ("service", "u1"),
        ("length", ">u2"),
        ("identification", ">u2"),
        ("fragment", ">u2"),
        ("hops", "u1"),
        ("protocol", "u1"),
        ("checksum", ">u2"),
        ("source", ">u4"),
        ("destination", ">u4"),
    ]
)
_IPV6 = np.dtype(
    [
        ("version", "u1"),
        ("flow", "V3"),
        ("length", ">u2"),
        ("protocol", "u1"),
        ("hops", "u1"),
        ("source_high", ">u8"),
        ("source_low", ">u8"),
        ("destination_high", ">u8"),
        ("destination_low", ">u8"),
    ]
)
_PORTS = np.dtype([("source", ">u2"), ("destination", ">u2")])
_MAPPED = np.uint64(0xFFFF_0000_0000)
_IS_FRAGMENT = 0x3FFF

_BY_PROTOCOL = np.zeros(256, np.bool_)
_BY_PROTOCOL[[*TUNNELS, *EXTENSIONS]] = True
"""Which protocols do not lead straight to a transport."""


class IpLayer:
    """Takes the IP and transport headers off the packets of one capture, window by window."""

    __slots__ = ("_fragments",)

    def __init__(self) -> None:
        self._fragments = Fragments()

    @property
    def fragments_lost(self) -> int:
        """How many fragmented datagrams were given up as incomplete."""
        return self._fragments.lost

    def finish(self) -> int:
        """End the capture, and give the number of fragmented datagrams that never were complete."""
        self._fragments.finish()
        return self._fragments.lost

    def strip(self, frames: Frames) -> Segments:
        """Take the headers off a window of IP packets."""
        unread = Unread(frames.unread)
        four = np.flatnonzero(frames.family == 4)
        six = np.flatnonzero(frames.family == 6)
        read4, odd4 = _read_ipv4(frames, four, unread)
        read6, odd6 = _read_ipv6(frames, six, unread)
        parts = [part for part in (read4, read6) if len(part)]
        odd = np.sort(np.concatenate([odd4, odd6]))
        buffer = frames.buffer
        if len(odd):
            walked, buffer = self._walk(frames, odd, unread)
            parts.append(walked)
        network = _in_order(parts)
        ours = (network.protocol == TCP) | (network.protocol == UDP)
        rest = None
        if not ours.all():
            others = network.pick(~ours)
            rest = _segments(frames, buffer, others, Transport.empty(len(others)), unread)
            network = network.pick(ours)
        network, transport = read_transport(buffer, network, unread)
        segments = _segments(frames, buffer, network, transport, unread)
        segments.other = rest
        return segments

    def _walk(self, frames: Frames, odd: Column, unread: Unread) -> tuple[Network, bytes]:
        """Walk the headers of single packets; give their transports, and the buffer with what was joined."""
        layers: list[Layer] = []
        rows: list[int] = []
        joined: list[bytes] = []
        behind = len(frames.buffer)
        columns = zip(
            odd.tolist(),
            frames.start[odd].tolist(),
            frames.end[odd].tolist(),
            frames.cut[odd].tolist(),
            frames.time[odd].tolist(),
            strict=True,
        )
        for row, start, end, cut, time in columns:
            try:
                layer = unwrap(frames.buffer, start, end, cut, time=time, fragments=self._fragments)
            except DecodeError as error:
                unread.add(str(error), 1)
                continue
            if layer is None:
                continue
            if layer.buffer is not frames.buffer:
                joined.append(layer.buffer)
                layer.start, layer.end = layer.start + behind, layer.end + behind
                behind += len(layer.buffer)
            layers.append(layer)
            rows.append(row)
        buffer = b"".join([frames.buffer, *joined]) if joined else frames.buffer
        return _as_columns(layers, rows), buffer


def _read_ipv4(frames: Frames, rows: Column, unread: Unread) -> tuple[Network, Column]:
    """Read IPv4 headers; also give the rows that have to be walked."""
    rows, start, wire = _long_enough(frames, rows, _IPV4.itemsize, "IPv4", unread)
    headers = gather(frames.buffer, start, _IPV4)
    version = integers(headers, "version")
    header = (version & 15) * 4
    # A length of 0: the network card will cut the packet up, and until then it is too long for the field.
    length = integers(headers, "length")
    size = np.where(length == 0, wire, np.minimum(length, wire))
    kept = np.minimum(size, frames.end[rows] - start)
    bogus = version >> 4 != 4
    unread.add("an IPv4 header has another version", int(bogus.sum()))
    wrong = ~bogus & ((header < _IPV4.itemsize) | (header > kept))
    unread.add("an IPv4 header is longer than its packet, or shorter than a header", int(wrong.sum()))
    network = Network(
        row=rows,
        protocol=integers(headers, "protocol"),
        start=start + header,
        end=start + kept,
        cut=size - kept,
        src_high=np.zeros(len(rows), np.uint64),
        src_low=words(headers, "source") | _MAPPED,
        dst_high=np.zeros(len(rows), np.uint64),
        dst_low=words(headers, "destination") | _MAPPED,
    )
    in_pieces = integers(headers, "fragment") & _IS_FRAGMENT != 0
    return _set_aside(frames, network, bogus | wrong, in_pieces)


def _read_ipv6(frames: Frames, rows: Column, unread: Unread) -> tuple[Network, Column]:
    """Read IPv6 headers; also give the rows that have to be walked."""
    rows, start, wire = _long_enough(frames, rows, _IPV6.itemsize, "IPv6", unread)
    headers = gather(frames.buffer, start, _IPV6)
    bogus = integers(headers, "version") >> 4 != 6
    unread.add("an IPv6 header has another version", int(bogus.sum()))
    # RFC 2675: a jumbogram's length field is 0.
    length = integers(headers, "length")
    size = np.where(length == 0, wire, np.minimum(length + _IPV6.itemsize, wire))
    kept = np.minimum(size, frames.end[rows] - start)
    network = Network(
        row=rows,
        protocol=integers(headers, "protocol"),
        start=start + _IPV6.itemsize,
        end=start + kept,
        cut=size - kept,
        src_high=words(headers, "source_high"),
        src_low=words(headers, "source_low"),
        dst_high=words(headers, "destination_high"),
        dst_low=words(headers, "destination_low"),
    )
    return _set_aside(frames, network, bogus, np.zeros(len(rows), np.bool_))


def _long_enough(
    frames: Frames, rows: Column, size: int, what: str, unread: Unread
) -> tuple[Column, Column, Column]:
    """Keep the rows that hold the whole header; give where they begin, and their length on the wire."""
    start = frames.start[rows]
    kept = frames.end[rows] - start
    whole = kept >= size
    if not whole.all():
        unread.add(f"an {what} header is cut", int((~whole).sum()))
        rows, start, kept = rows[whole], start[whole], kept[whole]
    return rows, start, kept + frames.cut[rows]


def _set_aside(frames: Frames, network: Network, bad: Mask, odd: Mask) -> tuple[Network, Column]:
    """Split off the packets that do not lead straight to a transport, and drop the bad ones."""
    odd = odd | _BY_PROTOCOL[network.protocol]
    odd |= _to_gtp(frames.buffer, network)
    odd &= ~bad
    if not (odd.any() or bad.any()):
        return network, np.zeros(0, np.int64)
    return network.pick(~(odd | bad)), network.row[odd]


def _to_gtp(buffer: bytes, network: Network) -> Mask:
    """Tell which packets go from or to the port of GTP-U, the tunnel of mobile networks."""
    found = np.zeros(len(network), np.bool_)
    datagrams = np.flatnonzero((network.protocol == UDP) & (network.end - network.start >= _PORTS.itemsize))
    ports = gather(buffer, network.start[datagrams], _PORTS)
    found[datagrams] = (ports["source"] == GTP_PORT) | (ports["destination"] == GTP_PORT)
    return found


def _as_columns(layers: list[Layer], rows: list[int]) -> Network:
    sources = np.frombuffer(b"".join(layer.source for layer in layers), ">u8").astype(np.uint64)
    destinations = np.frombuffer(b"".join(layer.destination for layer in layers), ">u8").astype(np.uint64)
    return Network(
        row=np.array(rows, np.int64),
        protocol=np.array([layer.protocol for layer in layers], np.int64),
        start=np.array([layer.start for layer in layers], np.int64),
        end=np.array([layer.end for layer in layers], np.int64),
        cut=np.array([layer.cut for layer in layers], np.int64),
        src_high=sources[0::2],
        src_low=sources[1::2],
        dst_high=destinations[0::2],
        dst_low=destinations[1::2],
    )


def _in_order(parts: list[Network]) -> Network:
    """Put packets together in the order of the recording."""
    if not parts:
        return _as_columns([], [])
    if len(parts) == 1:
        return parts[0]
    joined = Network(
        row=np.concatenate([part.row for part in parts]),
        protocol=np.concatenate([part.protocol for part in parts]),
        start=np.concatenate([part.start for part in parts]),
        end=np.concatenate([part.end for part in parts]),
        cut=np.concatenate([part.cut for part in parts]),
        src_high=np.concatenate([part.src_high for part in parts]),
        src_low=np.concatenate([part.src_low for part in parts]),
        dst_high=np.concatenate([part.dst_high for part in parts]),
        dst_low=np.concatenate([part.dst_low for part in parts]),
    )
    return joined.pick(np.argsort(joined.row, kind="stable"))


def _segments(
    frames: Frames, buffer: bytes, network: Network, transport: Transport, unread: Unread
) -> Segments:
    row = network.row
    start, end, cut = payload(network, transport.header)
    return Segments(
        buffer=buffer,
        number=frames.number[row],
        time=frames.time[row],
        protocol=network.protocol,
        src_high=network.src_high,
        src_low=network.src_low,
        dst_high=network.dst_high,
        dst_low=network.dst_low,
        src_port=transport.src_port,
        dst_port=transport.dst_port,
        start=start,
        end=end,
        cut=cut,
        sequence=transport.sequence,
        acknowledgement=transport.acknowledgement,
        flags=transport.flags,
        src_mac=frames.src_mac[row],
        dst_mac=frames.dst_mac[row],
        app=frames.app[row],
        apps=frames.apps,
        unread=unread,
    )
