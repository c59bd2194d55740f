"""The third answer of a rule, on its way from the part that has none to the whole."""


class Unseen(str):
    """A clause on what is missing that says: nothing of the kind was seen, which need not mean that there is none."""

    __slots__ = ()


class Undecided(Exception):  # noqa: N818  no error: one of three answers, within this package
    """The part has no answer; `why` is a clause on what is missing."""

    def __init__(self, *why: str) -> None:
        super().__init__(*why)
        self.why = why
