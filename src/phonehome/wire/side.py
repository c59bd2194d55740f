"""The two ends of a connection."""

from enum import IntEnum


class Side(IntEnum):
    """Who sent it; a list of two is indexed by it."""

    CLIENT = 0
    SERVER = 1

    @property
    def other(self) -> "Side":
        """The end that it was sent to."""
        return Side.SERVER if self is Side.CLIENT else Side.CLIENT
