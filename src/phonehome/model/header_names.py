"""Where the headers stand that every message is asked for.

Traffic repeats the order of its headers far more than their values, so the names of a message are looked through once
and what was found is remembered (the memory is bounded).
"""

from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from phonehome.model.exchange import Header

_MAX_REMEMBERED = 256
_MAX_HEADERS = 64
_name = itemgetter(0)


class KnownHeaders(NamedTuple):
    """Places in a list of headers; None where there is none of a name, and of several the first.

    Attributes:
        encodings: All of Content-Encoding.
    """

    host: int | None
    content_type: int | None
    encodings: tuple[int, ...]


def find_headers(headers: tuple[Header, ...]) -> KnownHeaders:
    """Find the headers that are asked for, whatever the case of their names."""
    names = tuple(map(_name, headers))
    return _remembered(names) if len(names) <= _MAX_HEADERS else _find(names)


def _find(names: tuple[bytes, ...]) -> KnownHeaders:
    lower = [name.lower() for name in names]
    return KnownHeaders(
        host=lower.index(b"host") if b"host" in lower else None,
        content_type=lower.index(b"content-type") if b"content-type" in lower else None,
        encodings=tuple(place for place, name in enumerate(lower) if name == b"content-encoding"),
    )


_remembered = lru_cache(_MAX_REMEMBERED)(_find)
