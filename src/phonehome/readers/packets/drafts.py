"""Exchanges before they have their index: in a capture that is the order of their first packets.

Conversations are read one after another, so what they give comes out of order. Before the next window all that
began in one are sorted and numbered, those that are not complete yet too; these keep their number until they are.
What was still unknown when its window was numbered comes later; of the last window, and so of a capture of one,
nothing does.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from phonehome.model.exchange import Exchange, build_exchange
from phonehome.readers.packets.origins import Origins


class Draft(NamedTuple):
    """An exchange to be.

    Attributes:
        first: Number of its first packet.
        numbers: The indexes that its handler was given for what was not complete.
        key: What it is called there.
        fields: The exchange's fields but for `input` and `index`.
    """

    first: int
    numbers: dict[int, int]
    key: int
    fields: dict[str, object]


class Begun(NamedTuple):
    """An exchange that began but is not complete."""

    first: int
    numbers: dict[int, int]
    key: int


class Outbox:
    """Collects drafts, and numbers them window by window; through all files of a recording in several.

    Args:
        origins: Knows the inputs.

    Attributes:
        notes: What parsers found odd, and how often; the words hold nothing of the capture.
        fresh: The first packets of what the last release gave numbers to, in the order of the numbers.
    """

    def __init__(self, origins: Origins) -> None:
        self.fresh: list[int] = []
        self.notes: Counter[str] = Counter()
        self._origins = origins
        self._next = 0
        self._drafts: list[Draft] = []

    def put(self, draft: Draft) -> None:
        """Take a complete exchange."""
        self._drafts.append(draft)

    def release(self, begun: Iterable[Begun]) -> list[Exchange]:
        """Number what came together in a window; gives the complete ones in their order.

        Args:
            begun: What is not complete at the window's end.
        """
        drafts, self._drafts = self._drafts, []
        new: list[Draft | Begun] = [draft for draft in drafts if draft.key not in draft.numbers]
        new += [one for one in begun if one.key not in one.numbers]
        new.sort(key=_first)
        self.fresh = fresh = []
        for one in new:
            # What ended after it was said to have begun stands there twice.
            if one.key not in one.numbers:
                one.numbers[one.key] = self._next
                self._next += 1
                fresh.append(one.first)
        numbered = [(draft.numbers.pop(draft.key), draft) for draft in drafts]
        numbered.sort(key=_index)
        return [self._make(index, draft) for index, draft in numbered]

    def _make(self, index: int, draft: Draft) -> Exchange:
        return build_exchange(self._origins.input(draft.first), index, draft.fields)


def _first(one: Draft | Begun) -> int:
    return one.first


def _index(numbered: tuple[int, Draft]) -> int:
    return numbered[0]
