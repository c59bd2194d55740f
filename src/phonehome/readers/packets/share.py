"""One worker's share of a capture: whole conversations, so that each can be read without the others.

Every worker reads the file and its headers, for those are cheap; what costs time, streams and their encryption, is
shared out. The answers of name servers are heard by all, since any conversation may need the names in them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from phonehome.readers.base import Item
from phonehome.wire.columns import Column, Mask
from phonehome.wire.conversations import mix_conversations
from phonehome.wire.segments import Segments

_BUCKETS = 64
"""Conversations fall into so many, at random; a share is some of them."""
_MERGING = 0.05
"""What numbering and writing takes of the first worker, beside reading the whole (measured; a guess for other uses)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Which of the conversations a worker reads: those in the buckets from `begin` to before `end`.

    Attributes:
        index: The worker, from 0; the first also tells what all of them see.
    """

    index: int = 0
    begin: int = 0
    end: int = _BUCKETS

    @property
    def is_whole(self) -> bool:
        """Whether there is but one worker."""
        return self.end - self.begin == _BUCKETS

    def choose(self, segments: Segments, places: Column) -> Column:
        """Of the segments at these places, those of this worker's conversations."""
        if self.is_whole or not len(places):
            return places
        return places[self._is_own(segments, places)]

    def overhear(self, segments: Segments, places: Column, ports: frozenset[int]) -> Column:
        """Of the segments at these places, those of other workers' conversations with one of these ports."""
        if self.is_whole or not len(places):
            return places[:0]
        wanted = np.array(sorted(ports), segments.src_port.dtype)
        heard = np.isin(segments.src_port[places], wanted) | np.isin(segments.dst_port[places], wanted)
        return places[heard & ~self._is_own(segments, places)]

    def _is_own(self, segments: Segments, places: Column) -> Mask:
        buckets = (mix_conversations(segments, places) >> np.uint64(32)) % np.uint64(_BUCKETS)
        own: Mask = (buckets >= self.begin) & (buckets < self.end)
        return own


def cut_shares(workers: int) -> list[Share]:
    """Cut a capture into shares; the first worker's is smaller, since it has the results of all to put together."""
    if workers == 1:
        return [WHOLE]
    own = max(0, round(_BUCKETS * ((1 + _MERGING) / workers - _MERGING)))
    ends = [own + (_BUCKETS - own) * index // (workers - 1) for index in range(workers)]
    return [
        Share(index=index, begin=begin, end=end)
        for index, (begin, end) in enumerate(zip([0, *ends], ends, strict=False))
    ]


WHOLE = Share()
"""All of a capture."""


@dataclass(slots=True, kw_only=True)
class Counts:
    """What a worker counted of its conversations.

    Attributes:
        holed: Connections of which bytes are missing.
        missing: How many bytes.
        stray: Bytes numbered so far off their connections that they were left out.
        differing: Bytes that were sent again with another content.
        left_out: Packets with payload of conversations that are not the handset's.
        opened: Connections that keys were found for.
        notes: What was odd about messages, and how many of them it was odd about.
    """

    holed: int = 0
    missing: int = 0
    stray: int = 0
    differing: int = 0
    left_out: int = 0
    opened: int = 0
    notes: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Counts") -> None:
        """Add what another worker counted."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass(frozen=True, slots=True)
class Step:
    """What was read of a capture from one place to the next.

    Attributes:
        items: In their order.
        fresh: The first packets of the exchanges that got their index here, in the order of the indexes.
    """

    items: Sequence[Item]
    fresh: list[int] = field(default_factory=list)
