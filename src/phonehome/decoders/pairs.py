"""What forms, queries and cookies share: the parts of a row of `name=value`."""

from phonehome.decoders.base import Leaf
from phonehome.decoders.percent import unquote_plus
from phonehome.model.errors import LimitExceeded

MIN_NAME = 6
"""Names of this many bytes and more are parts too: apps put identifiers there."""


def name_text(name: bytes) -> str:
    """Write a name as the text of a step; what is not UTF-8 shows as escapes."""
    return name.decode("utf-8", "backslashreplace")


def check_count(leaves: list[Leaf], limit: int) -> list[Leaf]:
    """Give the parts back.

    Raises:
        LimitExceeded: More than `limit` parts.
    """
    if len(leaves) > limit:
        raise LimitExceeded(f"more than {limit} parts in a row of pairs")
    return leaves


def add_pair(leaves: list[Leaf], kind: str, name: bytes, value: bytes, start: int, value_start: int) -> None:
    """Add the value, decoded as forms do, and the name, if it is long enough to hold something."""
    decoded = unquote_plus(name)
    step = f"{kind}:{name_text(decoded)}"
    if value:
        leaves.append(Leaf(step, unquote_plus(value), value_start, value_start + len(value)))
    if len(name) >= MIN_NAME:
        leaves.append(Leaf(step, decoded, start, start + len(name)))
