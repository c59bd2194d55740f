"""Keeps the report of a ruined file readable: the first faults one by one, the others as a number."""

from collections.abc import Iterator

from phonehome.wire.capture.base import Fault

MAX_FAULTS = 100
"""How many faults of one file are told one by one."""

MAX_DAMAGES = 4096
"""How often reading goes on behind damage; with more of it, a file is no recording any longer."""


class Faults:
    """Counts the faults of one file."""

    __slots__ = ("_count", "_damages")

    def __init__(self) -> None:
        self._count = 0
        self._damages = 0

    @property
    def hopeless(self) -> bool:
        """Whether reading is to end, after so much damage."""
        return self._damages > MAX_DAMAGES

    def tell(self, fault: Fault) -> Iterator[Fault]:
        """Give the fault itself, unless too many came before it."""
        self._count += 1
        if self._count <= MAX_FAULTS or fault.ended:
            yield fault

    def damage(self, offset: int, packet: int, reason: str) -> Iterator[Fault]:
        """Count a place behind which the next record has to be searched for, and tell it."""
        self._damages += 1
        if self.hopeless:
            reason = f"{reason}; after {MAX_DAMAGES:,} such places, reading ended"
            yield from self.rest(offset, packet)
        else:
            reason = f"{reason}; reading goes on at the next place that looks good"
        yield from self.tell(Fault(reason=reason, offset=offset, packet=packet, ended=self.hopeless))

    def nothing_follows(self, offset: int, packet: int, size: int) -> Iterator[Fault]:
        """Say that behind damage nothing good was found in the rest of the file."""
        reason = f"nothing that can be read follows in the {size:,} bytes to the end of the file"
        yield from self.tell(Fault(reason=reason, offset=offset, packet=packet, ended=True))

    def rest(self, offset: int, packet: int) -> Iterator[Fault]:
        """Say at the end how many were not told."""
        untold = self._count - MAX_FAULTS
        if untold > 0:
            reason = f"{untold:,} more places could not be read"
            yield Fault(reason=reason, offset=offset, packet=packet)
