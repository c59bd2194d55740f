"""TCP segments and UDP datagrams as columns."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phonehome.wire.capture.base import Apps
from phonehome.wire.columns import Column, Words


@dataclass(slots=True, kw_only=True)
class Segments:
    """TCP segments and UDP datagrams, as columns of one length in the order of the recording.

    Attributes:
        buffer: Where payloads lie: the window, and behind it what was put together from fragments.
        number: The packet's number in the file, from 1; of fragments, the one that completed the datagram.
        time: Nanoseconds since the epoch.
        protocol: 6 for TCP, 17 for UDP; in `other`, any.
        src_high: First half of the sender's address; IPv4 as `::ffff:a.b.c.d`.
        src_low: Its second half.
        dst_high: First half of the receiver's address.
        dst_low: Its second half.
        src_port: The sender's port; 0 in `other`.
        dst_port: The receiver's.
        start: Where the payload begins.
        end: Where what was kept of it ends.
        cut: How many bytes of payload behind `end` the snap length kept out.
        sequence: TCP's sequence number, 0 elsewhere.
        acknowledgement: TCP's acknowledgement number.
        flags: TCP's nine flags.
        src_mac: Hardware address of the sender, 0 for none.
        dst_mac: Likewise of the receiver.
        app: Index into `apps.known`, −1 for none.
        apps: The apps that the capture named so far.
        unread: Why packets are missing from the columns, and how many.
        other: The packets of other protocols (ICMP, SCTP, ESP), their payload behind the IP header; None in itself.
    """

    buffer: bytes
    number: Column
    time: Column
    protocol: Column
    src_high: Words
    src_low: Words
    dst_high: Words
    dst_low: Words
    src_port: Column
    dst_port: Column
    start: Column
    end: Column
    cut: Column
    sequence: Column
    acknowledgement: Column
    flags: Column
    src_mac: Words
    dst_mac: Words
    app: NDArray[np.int32]
    apps: Apps
    unread: dict[str, int]
    other: "Segments | None" = None

    def __len__(self) -> int:
        return len(self.number)


def join_segments(parts: Sequence[Segments]) -> Segments:
    """Join what several windows of one recording hold, in their order, into what one would; they share `apps`."""
    if len(parts) == 1:
        return parts[0]
    buffers: dict[int, tuple[int, bytes]] = {}
    size = 0
    for part in parts:
        # Windows may lie in one stretch of the file.
        if id(part.buffer) not in buffers:
            buffers[id(part.buffer)] = (size, part.buffer)
            size += len(part.buffer)
    buffer = b"".join(piece for _, piece in buffers.values())
    joined = _concatenate(parts, buffer, [buffers[id(part.buffer)][0] for part in parts])
    others = [(part.other, buffers[id(part.buffer)][0]) for part in parts if part.other is not None]
    if others:
        joined.other = _concatenate([other for other, _ in others], buffer, [shift for _, shift in others])
    return joined


def _concatenate(parts: Sequence[Segments], buffer: bytes, shifts: Sequence[int]) -> Segments:
    """Put columns one behind another, each part's places moved to where its buffer begins in the joined one."""
    unread: dict[str, int] = {}
    for part in parts:
        for reason, count in part.unread.items():
            unread[reason] = unread.get(reason, 0) + count
    moved = list(zip(parts, shifts, strict=True))
    return Segments(
        buffer=buffer,
        number=np.concatenate([part.number for part in parts]),
        time=np.concatenate([part.time for part in parts]),
        protocol=np.concatenate([part.protocol for part in parts]),
        src_high=np.concatenate([part.src_high for part in parts]),
        src_low=np.concatenate([part.src_low for part in parts]),
        dst_high=np.concatenate([part.dst_high for part in parts]),
        dst_low=np.concatenate([part.dst_low for part in parts]),
        src_port=np.concatenate([part.src_port for part in parts]),
        dst_port=np.concatenate([part.dst_port for part in parts]),
        start=np.concatenate([part.start + shift for part, shift in moved]),
        end=np.concatenate([part.end + shift for part, shift in moved]),
        cut=np.concatenate([part.cut for part in parts]),
        sequence=np.concatenate([part.sequence for part in parts]),
        acknowledgement=np.concatenate([part.acknowledgement for part in parts]),
        flags=np.concatenate([part.flags for part in parts]),
        src_mac=np.concatenate([part.src_mac for part in parts]),
        dst_mac=np.concatenate([part.dst_mac for part in parts]),
        app=np.concatenate([part.app for part in parts]),
        apps=parts[0].apps,
        unread=unread,
    )
