"""What taking off a link layer gives: where the packets of the network layer lie."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from phonehome.wire.columns import Column, Mask, Words

IPV4 = 0x0800
IPV6 = 0x86DD
"""The EtherTypes of what we read; `Stripped.kind` holds EtherTypes whatever the link layer itself uses."""

COUNTED = -1
"""The kind of a packet that could not be read and is counted as such."""


@dataclass(slots=True, kw_only=True)
class Packets:
    """Packets that still wear a header: columns of one length.

    Attributes:
        buffer: Where they lie.
        row: Which packet of the window each is.
        start: Where it begins.
        end: Where what was kept of it ends.
    """

    buffer: bytes
    row: Column
    start: Column
    end: Column

    def pick(self, which: Mask | Column) -> "Packets":
        """Keep some of them."""
        return Packets(buffer=self.buffer, row=self.row[which], start=self.start[which], end=self.end[which])

    def __len__(self) -> int:
        return len(self.row)


class Unread(dict[str, int]):
    """Why packets were left out, and how many for each reason."""

    def add(self, reason: str, count: int) -> None:
        """Count some more, if there are any."""
        if count:
            self[reason] = self.get(reason, 0) + count


@dataclass(slots=True, kw_only=True)
class Stripped:
    """What lies in packets behind their link header.

    Attributes:
        packets: They, beginning behind the header.
        kind: The EtherType of what follows, or `COUNTED`.
        source: Hardware address of the sender, 0 for none.
        destination: Likewise of the receiver.
    """

    packets: Packets
    kind: Column
    source: Words
    destination: Words


class Strip(Protocol):
    """Takes off one kind of link header."""

    def __call__(self, packets: Packets, unread: Unread, /) -> Stripped:
        """Give what lies behind the header; packets that cannot be read are counted and left out."""


def no_addresses(packets: Packets) -> Words:
    """Make the column of a link layer that has no hardware addresses."""
    return np.zeros(len(packets), np.uint64)


def long_enough(packets: Packets, size: int, what: str, unread: Unread) -> Packets:
    """Keep the packets of which at least `size` bytes were kept; count the others."""
    whole = packets.end - packets.start >= size
    if whole.all():
        return packets
    unread.add(f"{what} is shorter than its header", int(len(packets) - whole.sum()))
    return packets.pick(whole)


def join(parts: list[Stripped], buffer: bytes) -> Stripped:
    """Put packets together again in the order of the recording."""
    if len(parts) == 1:
        return parts[0]
    none = [np.zeros(0, np.int64)]
    nobody = [np.zeros(0, np.uint64)]
    row = np.concatenate(none + [part.packets.row for part in parts])
    order = np.argsort(row, kind="stable")
    packets = Packets(
        buffer=buffer,
        row=row,
        start=np.concatenate(none + [part.packets.start for part in parts]),
        end=np.concatenate(none + [part.packets.end for part in parts]),
    )
    return Stripped(
        packets=packets.pick(order),
        kind=np.concatenate(none + [part.kind for part in parts])[order],
        source=np.concatenate(nobody + [part.source for part in parts])[order],
        destination=np.concatenate(nobody + [part.destination for part in parts])[order],
    )
