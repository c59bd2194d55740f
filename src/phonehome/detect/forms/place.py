"""A place: latitude and longitude in decimal degrees, scaled integers, floating point, and geohash.

One coordinate alone says little, so each form is a half that counts with its other half in the same part of
an exchange. Fewer places are tried rounded and cut off. Geohash: Gustavo Niemeyer's base 32 interleaving, 2008.
"""

import struct
from collections.abc import Iterator

from phonehome.detect.forms.base import DIGIT_BITS, MIN_PATTERN, Boundary, Form, Half, surprise

NEAR = 1e-5
"""Degrees within which a longer number is the same place: about a metre."""

_PLACES = range(2, 8)
_GEOHASH = "0123456789bcdefghjkmnpqrstuvwxyz"
_GEOHASH_LENGTHS = range(7, 13)
_DOUBLE_BITS = 40.0  # of the 64, sign and exponent are nearly given
_FLOAT_BITS = 22.0


def parse_location(value: str) -> tuple[float, float]:
    """Read `latitude,longitude` in decimal degrees.

    Raises:
        ValueError: Not two numbers, or out of range.
    """
    latitude, longitude = (float(part) for part in value.split(","))
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError(
            f"latitude must be within ±90 and longitude within ±180: got {len(value)} characters"
        )
    return latitude, longitude


def location_forms(name: str, value: str) -> Iterator[Form]:
    """Every writing of both coordinates, and the geohash of the two."""
    try:
        latitude, longitude = parse_location(value)
    except ValueError:
        return
    for half, number, text in zip(
        (Half.LATITUDE, Half.LONGITUDE), (latitude, longitude), value.split(","), strict=True
    ):
        yield from _coordinate_forms(name, half, number, text.strip())
    for text in dict.fromkeys((value.strip(), f"{latitude},{longitude}", value.replace(",", ", "))):
        yield Form(
            name=f"{name}/pair",
            pattern=b"",
            text=text.encode(),
            boundary=Boundary.NONE,
            bits=surprise(text),
            hashed=True,
        )
    geohash = encode_geohash(latitude, longitude, max(_GEOHASH_LENGTHS))
    for length in _GEOHASH_LENGTHS:
        yield Form(
            name=f"{name}/geohash-{length}",
            pattern=geohash[:length].encode(),
            boundary=Boundary.WORD,
            bits=5.0 * length,
        )


def _coordinate_forms(name: str, half: Half, number: float, text: str) -> Iterator[Form]:
    decimals: dict[str, int] = {text: len(text.partition(".")[2])}
    for places in _PLACES:
        decimals.setdefault(f"{number:.{places}f}", places)
        cut = f"{number:.9f}"[: -(9 - places)]
        decimals.setdefault(cut, places)
        # Printing a float drops trailing zeros: 77.209000 goes out as 77.209.
        decimals.setdefault(repr(round(number, places)), places)
    for writing, places in decimals.items():
        if len(writing) >= MIN_PATTERN and "." in writing and "e" not in writing:
            digits = min(len(writing.partition(".")[2].rstrip("0")) or 1, places)
            yield Form(
                name=f"{name}/decimal-{places}",
                pattern=writing.encode(),
                boundary=Boundary.DECIMAL,
                bits=DIGIT_BITS * digits,
                half=half,
                kind="decimal",
            )
    yield from _near_forms(name, half, number)
    for exponent in (5, 6, 7):
        scaled = {round(number * 10**exponent), int(number * 10**exponent)}
        for integer in scaled:
            if len(str(abs(integer))) >= MIN_PATTERN:
                yield _scaled(name, half, integer, exponent)
    yield from _floating_forms(name, half, number)


def _near_forms(name: str, half: Half, number: float) -> Iterator[Form]:
    """More places than are known: four places that agree, and a whole that differs by a metre at the most."""
    for separator in ".,":
        for near in {f"{number + shift:.9f}"[:-5] for shift in (-NEAR, 0.0, NEAR)}:
            yield Form(
                name=f"{name}/decimal-more",
                pattern=near.replace(".", separator).encode(),
                boundary=Boundary.NEAR,
                bits=DIGIT_BITS * 4,
                half=half,
                kind="decimal",
                text=repr(number).encode(),
            )


def _scaled(name: str, half: Half, integer: int, exponent: int) -> Form:
    return Form(
        name=f"{name}/e{exponent}",
        pattern=str(integer).encode(),
        boundary=Boundary.DECIMAL,
        bits=surprise(str(abs(integer))),
        half=half,
        kind=f"e{exponent}",
    )


def _floating_forms(name: str, half: Half, number: float) -> Iterator[Form]:
    seen: set[bytes] = set()
    for places in (None, *_PLACES):
        rounded = number if places is None else round(number, places)
        for layout, kind, bits in (
            (">d", "double-be", _DOUBLE_BITS),
            ("<d", "double-le", _DOUBLE_BITS),
            (">f", "float-be", _FLOAT_BITS),
            ("<f", "float-le", _FLOAT_BITS),
        ):
            pattern = struct.pack(layout, rounded)
            if pattern not in seen:
                seen.add(pattern)
                yield Form(
                    name=f"{name}/{kind}",
                    pattern=pattern,
                    boundary=Boundary.NONE,
                    bits=bits,
                    half=half,
                    kind=kind,
                )
    for exponent in (6, 7):
        integer = round(number * 10**exponent)
        for layout, order in ((">i", "be"), ("<i", "le")):
            yield Form(
                name=f"{name}/e{exponent}-int32-{order}",
                pattern=struct.pack(layout, integer),
                boundary=Boundary.NONE,
                bits=_FLOAT_BITS,
                half=half,
                kind=f"e{exponent}-int32-{order}",
            )


def encode_geohash(latitude: float, longitude: float, length: int) -> str:
    """The geohash of a place, `length` characters."""
    bounds = [[-180.0, 180.0], [-90.0, 90.0]]
    point = (longitude, latitude)
    out, bits, even = "", 0, 0
    for step in range(length * 5):
        low, high = bounds[even]
        middle = (low + high) / 2
        upper = point[even] >= middle
        bounds[even][0 if upper else 1] = middle
        bits = bits << 1 | upper
        even ^= 1
        if step % 5 == 4:
            out, bits = out + _GEOHASH[bits], 0
    return out
