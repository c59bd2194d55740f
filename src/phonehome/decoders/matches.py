"""The copy from earlier output that LZ4 and Snappy share."""

from phonehome.model.errors import DecodeError


def copy_match(out: bytearray, distance: int, length: int) -> None:
    """Append `length` bytes that begin `distance` before the end of `out`; source and copy may overlap.

    Raises:
        DecodeError: The distance is zero or reaches before the beginning.
    """
    start = len(out) - distance
    if distance <= 0 or start < 0:
        raise DecodeError("expected a copy of earlier output; it reaches before the beginning")
    if distance >= length:
        out += out[start : start + length]
    else:
        seed = bytes(out[start:])
        out += (seed * (length // distance + 1))[:length]
