"""Changing bytes at random, by a seed, so that each input can be made again."""

import random
from collections.abc import Sequence

TOKENS: tuple[bytes, ...] = (
    *(bytes([byte]) for byte in range(256)),
    *(b"null", b"true", b"[]", b"{}", b"[" * 3000, b'{"a":' * 3000, b"1e999", b"-1", b"9" * 5000),
    *(b"%25" * 500, b"&#" * 500, b"=" * 1000, b"<a>" * 500, b"A" * 4000, b"\\u00" * 500, b"1-" * 1000),
    *(b"\xff\xff\xff\xff", b"\x80\x00\x00\x00", b"\x7f\xff\xff\xff", b"\x00" * 64, b"\xff" * 64),
    *(b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\x00", b"PK\x03\x04", b"\xef\xbb\xbf", b"\xff\xfe"),
    *(b"bplist00", b"BZh9", b"\x04\x22\x4d\x18", b"\xff\x06\x00\x00sNaPpY", b"x\x9c", b"eyJ", b"<~", b"~>"),
)
"""What parsers trip over: single bytes, deep and long runs, extreme numbers, signatures."""


def mutate(data: bytes, chance: random.Random, tokens: Sequence[bytes] = TOKENS) -> bytes:
    """Change a few places: cut, repeat, overwrite, insert."""
    for _ in range(chance.randint(1, 5)):
        at = chance.randrange(len(data) + 1)
        length = chance.choice([1, 2, 8, 100, 1000])
        match chance.randrange(5):
            case 0:
                data = data[:at] + data[at + length :]
            case 1:
                data = data[:at] + data[at : at + length] * 2 + data[at + length :]
            case 2:
                data = data[:at] + chance.choice(tokens) + data[at + length :]
            case 3:
                data = data[:at] + chance.choice(tokens) + data[at:]
            case _:
                other = chance.randrange(len(data) + 1)
                data = data[:at] + data[other : other + length] + data[at:]
    return data
