"""Protocol Buffers on the wire, written by hand: https://protobuf.dev/programming-guides/encoding/."""

import struct
from random import Random

from benchmarks.detection.generator.background import noise_fields
from benchmarks.detection.generator.payload import Fields, Scalar


def varint(number: int) -> bytes:
    """Seven bits a byte, least significant first; negative numbers as 64 bits of two's complement."""
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number: int, scalar: Scalar) -> bytes:
    """One field: integers as varint, floats as fixed64, text and bytes with their length."""
    if isinstance(scalar, int):
        return varint(number << 3) + varint(scalar)
    if isinstance(scalar, float):
        return varint(number << 3 | 1) + struct.pack("<d", scalar)
    raw = scalar.encode() if isinstance(scalar, str) else scalar
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def fixed(number: int, raw: bytes) -> bytes:
    """One field of four or eight bytes."""
    return varint(number << 3 | (5 if len(raw) == 4 else 1)) + raw


def wrapped(rng: Random, message: bytes, depth: int) -> bytes:
    """A message with unrelated fields around it, in as many outer messages."""
    for _ in range(depth):
        before, after = noise_fields(rng, 1, 2), noise_fields(rng, 0, 2)
        inner_at = len(before) + 1
        outer = b"".join(field(at, scalar) for at, (_, scalar) in enumerate(before, 1))
        outer += field(inner_at, message)
        message = outer + b"".join(field(inner_at + at, scalar) for at, (_, scalar) in enumerate(after, 1))
    return message


def message(rng: Random, fields: Fields, depth: int) -> bytes:
    """The fields in ascending field numbers among unrelated ones."""
    number, out = 0, b""
    for _, scalar in (*noise_fields(rng, 0, 3), *fields, *noise_fields(rng, 0, 3)):
        number += rng.choice((1, 1, 1, 2, 7))
        out += field(number, scalar)
    return wrapped(rng, out, depth)


def fixed_message(rng: Random, parts: tuple[bytes, ...], depth: int) -> bytes:
    """A message whose consecutive fields are fixed32 or fixed64."""
    inner = field(1, rng.randrange(1000)) + b"".join(fixed(at, part) for at, part in enumerate(parts, 2))
    return wrapped(rng, inner, depth)
