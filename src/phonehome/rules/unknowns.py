"""Stand-ins for what is not known, to ask a rule what it could say: of what it surely denies it does not speak."""

from phonehome.rules.undecided import Undecided


class Unknown:
    """Something that is there and of which nothing is known: whatever compares it is undecided."""

    __hash__ = None  # type: ignore[assignment]  # nothing may look it up either

    def __eq__(self, other: object) -> bool:
        raise Undecided("it is not known")


class Blank(dict[str, object]):
    """A map of which all parts but those given are there and unknown."""

    def get(self, key: str, default: object = None) -> object:
        """Give a part, or what stands for one that is not known."""
        return super().get(key, Blank() if key in _MAPS else UNKNOWN)


class Same(dict[str, object]):
    """A map of which every part is the same."""

    def __init__(self, value: object) -> None:
        super().__init__()
        self._value = value

    def get(self, key: str, default: object = None) -> object:
        """Give the one value."""
        return self._value


UNKNOWN = Unknown()
_MAPS = frozenset({"conditions", "consents", "exposures"})
"""Parts of flows and sessions that are maps: `has` finds any of theirs."""
