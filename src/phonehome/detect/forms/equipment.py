"""Identifiers of equipment and SIM: IMEI, MEID, IMSI, ICCID, MAC, Android ID, UUIDs, serial numbers.

IMEI and its check digit: 3GPP TS 23.003, 6.2 and annex B (Luhn). IMSI: the same, 2.2; a mobile network code
has three digits in North America and a few other places, two elsewhere, so both cuts are tried. ICCID: ITU-T
E.118.
"""

import re
from collections.abc import Iterator

from phonehome.detect.forms.base import DIGIT_BITS, HEX_BITS, Boundary, Form, is_counting, raw_bits, surprise
from phonehome.detect.forms.numbers import bcd, integer_forms, packed_forms, tbcd

_IMEI_DIGITS = 14  # without check digit
_IMSI_DIGITS = 15
_GROUPINGS = ((2, 6, 6), (6, 2, 6), (8, 6), (4, 4, 4, 2))
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\Z", re.IGNORECASE)
_HEX16 = re.compile(r"[0-9a-f]{16}\Z", re.IGNORECASE)


def luhn_digit(digits: str) -> str:
    """The check digit that completes `digits` (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * 2 if place % 2 == 0 else int(digit)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def _digits(name: str, text: str, boundary: Boundary = Boundary.DIGITS, *, hashed: bool = False) -> Form:
    return Form(
        name=name,
        pattern=text.encode(),
        boundary=boundary,
        bits=DIGIT_BITS * sum(char.isdigit() for char in text),
        hashed=hashed,
    )


def imei_forms(name: str, value: str) -> Iterator[Form]:
    """Fifteen digits, fourteen, the software-version form, grouped with dashes or spaces, and packed."""
    digits = re.sub(r"\D", "", value)
    if len(digits) < _IMEI_DIGITS:
        return
    core = digits[:_IMEI_DIGITS]
    full = digits if len(digits) == _IMEI_DIGITS + 1 else core + luhn_digit(core)
    yield _digits(name, full, hashed=True)
    corrected = core + luhn_digit(core)
    if corrected != full:
        yield _digits(f"{name}/check-digit-corrected", corrected, hashed=True)
    if len(digits) == _IMEI_DIGITS + 2:
        yield _digits(f"{name}/imeisv", digits, hashed=True)
    # The software version is two digits nobody knows beforehand, so the boundary check looks at them.
    yield _digits(f"{name}/no-check-digit", core, Boundary.IMEISV, hashed=True)
    for separator in "- /.":
        kind = {"-": "dashed", " ": "spaced"}.get(separator, "grouped")
        for grouping in _GROUPINGS:
            groups, at = [], 0
            for size in grouping:
                groups.append(core[at : at + size])
                at += size
            short = separator.join(groups)
            hashed = separator == "-" and grouping in ((2, 6, 6), (6, 2, 6), (8, 6))
            yield _digits(f"{name}/{kind}", short + separator + full[-1], hashed=hashed)
            yield _digits(f"{name}/no-check-digit/{kind}", short)
            if len(grouping) == 4:
                yield _digits(f"{name}/{kind}", short + full[-1])
    yield from packed_forms(name, full)
    yield from packed_forms(f"{name}/no-check-digit", core)


def meid_forms(name: str, value: str) -> Iterator[Form]:
    """Fourteen hexadecimal digits, raw, and the eighteen decimal digits of 3GPP2 S.R0048."""
    digits = re.sub(r"[^0-9A-Fa-f]", "", value)[:_IMEI_DIGITS]
    if len(digits) < _IMEI_DIGITS:
        return
    for hashed in {digits.upper(), digits.lower()}:
        yield Form(
            name=name,
            pattern=hashed.encode(),
            boundary=Boundary.HEX,
            bits=HEX_BITS * len(digits),
            caseless=True,
            hashed=True,
        )
    decimal = f"{int(digits[:8], 16):010d}{int(digits[8:], 16):08d}"
    yield _digits(f"{name}/decimal", decimal, hashed=True)
    raw = bytes.fromhex(digits)
    yield Form(name=f"{name}/raw", pattern=raw, boundary=Boundary.NONE, bits=raw_bits(raw))
    if digits.isdigit():
        yield from imei_forms(name, digits)


def imsi_forms(name: str, value: str) -> Iterator[Form]:
    """Fifteen digits; the subscriber part alone; the network access identifier with a leading 0 or 1."""
    digits = re.sub(r"\D", "", value)
    if len(digits) < _IMSI_DIGITS - 1:
        return
    yield _digits(name, digits, hashed=True)
    for mnc in (2, 3):
        mcc, network, subscriber = digits[:3], digits[3 : 3 + mnc], digits[3 + mnc :]
        if not is_counting(subscriber):
            yield _digits(f"{name}/msin", subscriber, hashed=True)
        for separator in "-. ,/":
            yield _digits(f"{name}/split", separator.join((mcc, network, subscriber)))
    for lead in "01":
        yield _digits(f"{name}/nai", lead + digits)
    yield from packed_forms(name, digits)


def iccid_forms(name: str, value: str) -> Iterator[Form]:
    """Up to twenty digits, with and without the check digit, filled with F, and nibble-swapped."""
    digits = re.sub(r"\D", "", value)
    if len(digits) < 18:
        return
    yield _digits(name, digits, hashed=True)
    yield _digits(f"{name}/filled", digits + "F")
    yield _digits(f"{name}/no-check-digit", digits[:-1], hashed=True)
    for kind, pattern in (("tbcd", tbcd(digits)), ("bcd", bcd(digits))):
        yield Form(name=f"{name}/{kind}", pattern=pattern, boundary=Boundary.NONE, bits=raw_bits(pattern))


def mac_forms(name: str, value: str) -> Iterator[Form]:
    """Colons, dashes, dots, nothing; six raw bytes of both orders; a decimal integer; both cases hashed."""
    digits = re.sub(r"[^0-9A-Fa-f]", "", value).lower()
    if len(digits) != 12:
        return
    raw = bytes.fromhex(digits)
    pairs = [digits[i : i + 2] for i in range(0, 12, 2)]
    bits = HEX_BITS * 12
    writings = {
        name: ":".join(pairs),
        f"{name}/dashed": "-".join(pairs),
        f"{name}/bare": digits,
        f"{name}/spaced": " ".join(pairs),
        f"{name}/underscored": "_".join(pairs),
        f"{name}/dotted": f"{digits[:4]}.{digits[4:8]}.{digits[8:]}",
        # Java's Integer.toHexString drops leading zeros; some SDKs send that.
        f"{name}/zeros-dropped": ":".join(pair.lstrip("0") or "0" for pair in pairs),
    }
    for form, text in writings.items():
        if form.endswith("dropped") and text == writings[name]:
            continue
        for hashed in (text, text.upper()):
            yield Form(
                name=form,
                pattern=hashed.encode(),
                boundary=Boundary.HEX,
                bits=bits,
                caseless=True,
                hashed=not form.endswith(("spaced", "underscored")),
            )
    yield Form(name=f"{name}/raw", pattern=raw, boundary=Boundary.NONE, bits=raw_bits(raw), hashed=True)
    yield Form(name=f"{name}/raw-reversed", pattern=raw[::-1], boundary=Boundary.NONE, bits=raw_bits(raw))
    number = int.from_bytes(raw, "big")
    yield _digits(f"{name}/integer", str(number))
    yield from integer_forms(name, number)


def android_id_forms(name: str, value: str) -> Iterator[Form]:
    """Sixteen hexadecimal digits of both cases, eight raw bytes, the number they make."""
    digits = value.strip().lower()
    yield from opaque_forms(name, value)
    if not _HEX16.match(digits):
        return
    raw = bytes.fromhex(digits)
    yield Form(name=f"{name}/raw", pattern=raw, boundary=Boundary.NONE, bits=raw_bits(raw), hashed=True)
    yield Form(name=f"{name}/raw-reversed", pattern=raw[::-1], boundary=Boundary.NONE, bits=raw_bits(raw))
    number = int(digits, 16)
    yield _digits(f"{name}/integer", str(number))
    if number >> 63:
        yield _digits(f"{name}/signed-integer", str(number - (1 << 64)), hashed=True)
    yield from (form for form in integer_forms(name, number) if form.name.endswith("varint"))


def uuid_forms(name: str, value: str) -> Iterator[Form]:
    """With and without dashes, either case, sixteen raw bytes of both layouts (RFC 9562, Microsoft GUID)."""
    digits = value.replace("-", "").strip("{}").lower()
    dashed = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    for text, suffix in ((dashed, ""), (digits, "/bare")):
        for hashed in (text, text.upper()):
            yield Form(
                name=name + suffix,
                pattern=hashed.encode(),
                boundary=Boundary.UUID,
                bits=HEX_BITS * 32,
                caseless=True,
                hashed=True,
            )
    raw = bytes.fromhex(digits)
    yield Form(name=f"{name}/raw", pattern=raw, boundary=Boundary.NONE, bits=raw_bits(raw), hashed=True)
    guid = raw[3::-1] + raw[5:3:-1] + raw[7:5:-1] + raw[8:]
    yield Form(name=f"{name}/guid", pattern=guid, boundary=Boundary.NONE, bits=raw_bits(guid))


def opaque_forms(name: str, value: str) -> Iterator[Form]:
    """An identifier of no known shape, and UUIDs and long numbers where it has that shape."""
    text = value.strip()
    if _UUID.match(text.strip("{}")):
        yield from uuid_forms(name, text)
        return
    caseless = len(text) < 24  # long tokens are case-sensitive, and long enough
    bits = surprise(text, caseless=caseless)
    for hashed in dict.fromkeys((text, text.lower(), text.upper()) if caseless else (text,)):
        yield Form(
            name=name,
            pattern=hashed.encode("utf-8", "surrogatepass"),
            boundary=Boundary.WORD,
            bits=bits,
            caseless=caseless,
            hashed=True,
        )
    if text.isascii() and text.isdigit() and text[0] != "0" and len(text) < 20:
        yield from integer_forms(name, int(text))
