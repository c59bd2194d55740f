"""Long decimal numbers (IMEI, IMSI, ICCID, telephone numbers) as bytes: BCD, TBCD, varint, fixed integers.

BCD puts two digits in an octet, the first in the high nibble; TBCD (3GPP TS 29.002, 17.7.8) the first in the
low nibble, with `F` filling an odd end. Varint is protobuf's base-128, least significant group first.
"""

from collections.abc import Iterator

from phonehome.detect.forms.base import Boundary, Form, raw_bits

_MIN_INTEGER = 1 << 33  # shorter integers stand in any binary by accident
_MIN_BCD_DIGITS = 10


def bcd(digits: str, fill: str = "F") -> bytes:
    """Packed decimal, high nibble first; an odd number of digits is filled at the end."""
    return bytes.fromhex(digits + fill if len(digits) % 2 else digits)


def tbcd(digits: str) -> bytes:
    """Packed decimal, low nibble first, `F` filling an odd end (3GPP TS 29.002)."""
    packed = digits + "F" if len(digits) % 2 else digits
    return bytes.fromhex("".join(packed[i + 1] + packed[i] for i in range(0, len(packed), 2)))


def varint(number: int) -> bytes:
    """Base-128 as in protobuf, least significant group first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def packed_forms(name: str, digits: str) -> Iterator[Form]:
    """The binary writings of a decimal number, most telling first."""
    if len(digits) >= _MIN_BCD_DIGITS:
        patterns = {bcd(digits): "bcd", tbcd(digits): "tbcd"}
        if len(digits) % 2:
            patterns.setdefault(bcd("0" + digits), "bcd")
            patterns.setdefault(bcd(digits, "0"), "bcd")
        for pattern, kind in patterns.items():
            boundary = Boundary.SWAPPED if kind == "tbcd" else Boundary.PACKED
            yield Form(name=f"{name}/{kind}", pattern=pattern, boundary=boundary, bits=raw_bits(pattern))
    yield from integer_forms(name, int(digits))


def integer_forms(name: str, number: int) -> Iterator[Form]:
    """A number as varint and as 64-bit integer of both byte orders, if it is long enough to mean anything."""
    if not _MIN_INTEGER <= number < 1 << 64:
        return
    for kind, pattern in (
        ("int64-be", number.to_bytes(8, "big")),
        ("int64-le", number.to_bytes(8, "little")),
        ("varint", varint(number)),
    ):
        bits = float(number.bit_length())
        yield Form(name=f"{name}/{kind}", pattern=pattern, boundary=Boundary.NONE, bits=bits)
