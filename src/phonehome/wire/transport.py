"""The headers of TCP (RFC 9293) and UDP (RFC 768), for all packets of a window at once."""

from dataclasses import dataclass

import numpy as np

from phonehome.wire.columns import Column, Mask, Words, gather, integers
from phonehome.wire.link.base import Unread

TCP, UDP = 6, 17

_TCP = np.dtype(
    [
        ("source", ">u2"),
        ("destination", ">u2"),
        ("sequence", ">u4"),
        ("acknowledgement", ">u4"),
        ("flags", ">u2"),
        ("window", ">u2"),
        ("checksum", ">u2"),
        ("urgent", ">u2"),
    ]
)
_UDP = np.dtype([("source", ">u2"), ("destination", ">u2"), ("length", ">u2"), ("checksum", ">u2")])
_FLAGS = 0x1FF


@dataclass(slots=True, kw_only=True)
class Network:
    """What lies behind the IP headers: columns of one length.

    Attributes:
        row: Which frame of the window each was in.
        protocol: Number in the IANA registry of protocols.
        start: Where the transport header begins.
        end: Where what was kept of the packet ends.
        cut: How many bytes behind `end` the snap length kept out.
        src_high: First half of the sender's address; IPv4 as `::ffff:a.b.c.d`.
        src_low: Its second half.
        dst_high: First half of the receiver's address.
        dst_low: Its second half.
    """

    row: Column
    protocol: Column
    start: Column
    end: Column
    cut: Column
    src_high: Words
    src_low: Words
    dst_high: Words
    dst_low: Words

    def pick(self, which: Mask | Column) -> "Network":
        """Keep some of them."""
        return Network(
            row=self.row[which],
            protocol=self.protocol[which],
            start=self.start[which],
            end=self.end[which],
            cut=self.cut[which],
            src_high=self.src_high[which],
            src_low=self.src_low[which],
            dst_high=self.dst_high[which],
            dst_low=self.dst_low[which],
        )

    def __len__(self) -> int:
        return len(self.row)


@dataclass(slots=True, kw_only=True)
class Transport:
    """Transport headers: columns beside those of a `Network`."""

    src_port: Column
    dst_port: Column
    sequence: Column
    acknowledgement: Column
    flags: Column
    header: Column

    @classmethod
    def empty(cls, count: int) -> "Transport":
        """Make columns of zeros."""
        zeros = [np.zeros(count, np.int64) for _ in range(6)]
        return cls(
            src_port=zeros[0],
            dst_port=zeros[1],
            sequence=zeros[2],
            acknowledgement=zeros[3],
            flags=zeros[4],
            header=zeros[5],
        )


def read_transport(buffer: bytes, network: Network, unread: Unread) -> tuple[Network, Transport]:
    """Read the headers of TCP and UDP.

    Args:
        buffer: Where packets lie.
        network: Only packets of these two protocols.
        unread: Counts the packets whose header is cut or malformed.

    Returns:
        The packets that could be read, `end` and `cut` now those of the payload, and their headers.
    """
    is_tcp = network.protocol == TCP
    least = np.where(is_tcp, _TCP.itemsize, _UDP.itemsize)
    whole = network.end - network.start >= least
    if not whole.all():
        unread.add("a TCP header is cut", int((is_tcp & ~whole).sum()))
        unread.add("a UDP header is cut", int((~is_tcp & ~whole).sum()))
        network, is_tcp = network.pick(whole), is_tcp[whole]
    transport = Transport.empty(len(network))
    # Nearly all packets of most captures are TCP; whatever they are, each kind is read in one piece.
    good = _read_tcp(buffer, network, transport, np.flatnonzero(is_tcp), unread)
    good &= _read_udp(buffer, network, transport, np.flatnonzero(~is_tcp), unread)
    if good.all():
        return network, transport
    return network.pick(good), Transport(
        src_port=transport.src_port[good],
        dst_port=transport.dst_port[good],
        sequence=transport.sequence[good],
        acknowledgement=transport.acknowledgement[good],
        flags=transport.flags[good],
        header=transport.header[good],
    )


def payload(network: Network, header: Column) -> tuple[Column, Column, Column]:
    """Give where payloads begin and end, and what is cut off them: the header itself may reach behind the end."""
    start = network.start + header
    beyond = np.maximum(start - network.end, 0)
    return start - beyond, network.end, network.cut - beyond


def _read_tcp(buffer: bytes, network: Network, transport: Transport, rows: Column, unread: Unread) -> Mask:
    headers = gather(buffer, network.start[rows], _TCP)
    transport.src_port[rows] = headers["source"]
    transport.dst_port[rows] = headers["destination"]
    transport.sequence[rows] = headers["sequence"]
    transport.acknowledgement[rows] = headers["acknowledgement"]
    flags = integers(headers, "flags")
    transport.flags[rows] = flags & _FLAGS
    header = (flags >> 12) * 4
    transport.header[rows] = header
    size = network.end[rows] - network.start[rows] + network.cut[rows]
    wrong = (header < _TCP.itemsize) | (header > size)
    unread.add("a TCP header is longer than its packet, or shorter than a header", int(wrong.sum()))
    return _all_but(len(network), rows[wrong])


def _read_udp(buffer: bytes, network: Network, transport: Transport, rows: Column, unread: Unread) -> Mask:
    headers = gather(buffer, network.start[rows], _UDP)
    transport.src_port[rows] = headers["source"]
    transport.dst_port[rows] = headers["destination"]
    transport.header[rows] = _UDP.itemsize
    length = integers(headers, "length")
    wire = network.end[rows] - network.start[rows] + network.cut[rows]
    # RFC 2675, 4: a length of 0 is a jumbogram's; network cards that cut packets up leave one behind, too.
    size = np.where(length == 0, wire, np.minimum(length, wire))
    kept = np.minimum(size, network.end[rows] - network.start[rows])
    network.end[rows] = network.start[rows] + kept
    network.cut[rows] = size - kept
    wrong = size < _UDP.itemsize
    unread.add("a UDP length is shorter than a header", int(wrong.sum()))
    return _all_but(len(network), rows[wrong])


def _all_but(count: int, rows: Column) -> Mask:
    mask = np.ones(count, np.bool_)
    mask[rows] = False
    return mask
