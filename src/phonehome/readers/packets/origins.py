"""Which input of the audit a packet is of: a recording in several files is several inputs."""

from bisect import bisect_right


class Origins:
    """Maps the numbers of packets, which count on from file to file, to the numbers of inputs.

    Args:
        number: The first input's.
    """

    __slots__ = ("_firsts", "_inputs")

    def __init__(self, number: int) -> None:
        self._firsts = [0]
        self._inputs = [number]

    @property
    def inputs(self) -> tuple[int, ...]:
        """The inputs so far."""
        return tuple(self._inputs)

    def begin(self, number: int, first: int) -> None:
        """Note that an input's packets are numbered from `first` on, and no more are of those before it."""
        self._firsts.append(first)
        self._inputs.append(number)

    def input(self, packet: int) -> int:
        """Tell which input a packet is of; of a number that is none, the first."""
        return self._inputs[bisect_right(self._firsts, packet) - 1]
