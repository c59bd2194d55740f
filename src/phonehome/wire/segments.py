"""TCP segments and UDP datagrams as columns."""

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
