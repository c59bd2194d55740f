"""Numbers as bytes: BCD, TBCD and integers of eight bytes."""

import struct
from collections.abc import Callable

NUMERIC = ("imei", "imsi", "phone_number", "contact_phone_number", "sms_phone_number", "call_phone_number")


def digits_of(text: str) -> str:
    """The digits of a value that is a number."""
    return text.removeprefix("+")


def bcd_front(digits: str) -> bytes:
    """Two digits a byte, the first in the high half; an odd count gets a zero in front."""
    return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)


def bcd_back(digits: str) -> bytes:
    """Two digits a byte; an odd count is filled with F at the end."""
    return bytes.fromhex(digits if len(digits) % 2 == 0 else digits + "f")


def tbcd(digits: str) -> bytes:
    """Telephony BCD (3GPP TS 29.002): the first digit in the low half, F as filler."""
    filled = digits if len(digits) % 2 == 0 else digits + "f"
    return bytes(int(filled[at + 1] + filled[at], 16) for at in range(0, len(filled), 2))


def int64_le(digits: str) -> bytes:
    """Eight bytes, least significant first."""
    return struct.pack("<q", int(digits))


def int64_be(digits: str) -> bytes:
    """Eight bytes, most significant first."""
    return struct.pack(">q", int(digits))


PACKED: dict[str, tuple[Callable[[str], bytes], ...]] = {
    "bcd": (bcd_front, bcd_back),
    "tbcd": (tbcd,),
    "int64-le": (int64_le,),
    "int64-be": (int64_be,),
}
