"""What belongs to a person: telephone numbers, e-mail, names, texts, network names, places, files.

Telephone numbers are read with the published numbering plans (the phonenumbers library). Names and texts are
searched in UTF-8 of both normal forms and in the legacy encodings of their scripts. A text counts also when
only a long part of it is sent: every eighth eight-byte piece of it is an anchor, and a hit is stretched both ways.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Iterator

import phonenumbers

from phonehome.detect.forms.base import DIGIT_BITS, Boundary, Form, Half, raw_bits, surprise
from phonehome.detect.forms.numbers import packed_forms

ANCHOR = 8
"""Bytes of an anchor; anchors stand this far apart, so 15 bytes of a text always hold one whole."""

MIN_STRETCH = 24
"""Bytes of a text that must match on end, and a third of it, before a part counts: phrases are shared."""

ENOUGH_STRETCH = 48
"""Bytes that count however long the text is."""

SURE_BITS = 40.0
"""Surprise above which a local part needs no key that names it."""

FILE_ANCHOR = 16
FILE_ANCHORS = 64
_MIN_NATIONAL_DIGITS = 7
_MIN_LOCAL_PART = 4
_MIN_SURE_TEXT = 6
_MAX_ANCHORED = 4096
_OTHER_ENCODINGS = ("utf-16-le", "utf-16-be", "latin-1", "gb18030", "big5", "shift_jis", "euc_kr", "cp1251")


_SPELT_OUT = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "Ä": "Ae",
        "Ö": "Oe",
        "Ü": "Ue",
        "ß": "ss",
        "ø": "oe",
        "å": "aa",
        "æ": "ae",
    }
)


def phone_forms(name: str, value: str, region: str | None) -> Iterator[Form]:
    """E.164, without plus, national, with trunk or international prefix, spaced and dashed, and packed."""
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        yield from _unplanned_number_forms(name, value)
        return
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    national = phonenumbers.national_significant_number(number)
    country = str(number.country_code)
    digits = country + national
    yield _number(name, e164, hashed=True)
    yield _number(f"{name}/no-plus", digits, hashed=True)
    for prefix, kind in (
        ("00", "00-prefixed"),
        ("011", "011-prefixed"),
        ("+0", "0-prefixed"),
        ("0", "0-prefixed"),
    ):
        rest = national if kind == "0-prefixed" else digits
        yield _number(f"{name}/{kind}", prefix.removeprefix("+") + rest, hashed=kind != "011-prefixed")
    yield _number(f"{name}/trunk-in-brackets", f"+{country}(0){national}")
    if len(national) >= _MIN_NATIONAL_DIGITS:
        yield _number(f"{name}/national", national, Boundary.NATIONAL, hashed=True)
    yield from _formatted_forms(name, number, country, national)
    yield from packed_forms(f"{name}/no-plus", digits)
    if len(national) >= 10:
        yield from packed_forms(f"{name}/national", national)


def _number(name: str, text: str, boundary: Boundary = Boundary.DIGITS, *, hashed: bool = False) -> Form:
    bits = DIGIT_BITS * sum(char.isdigit() for char in text)
    return Form(name=name, pattern=text.encode(), boundary=boundary, bits=bits, hashed=hashed)


def _unplanned_number_forms(name: str, value: str) -> Iterator[Form]:
    digits = re.sub(r"\D", "", value)
    if len(digits) >= 5:
        yield _number(name, digits, hashed=True)
        if value.strip() != digits:
            yield _number(name, value.strip(), hashed=True)


def _formatted_forms(
    name: str, number: phonenumbers.PhoneNumber, country: str, national: str
) -> Iterator[Form]:
    international = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    domestic = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    groups = re.findall(r"\d+", international.removeprefix(f"+{country}"))
    thirds = [national[:3], national[3:6], national[6:]]
    writings = {international: "formatted", domestic: "national/formatted"}
    for separator, kind in ((" ", "spaced"), ("-", "dashed"), (".", "dotted")):
        for split in (groups, thirds):
            joined = separator.join(split)
            writings.setdefault(f"+{country}{separator}{joined}", kind)
            writings.setdefault(f"{country}{separator}{joined}", f"no-plus/{kind}")
            writings.setdefault(f"0{joined}", f"0-prefixed/{kind}")
            writings.setdefault(joined, f"national/{kind}")
    for text, kind in writings.items():
        if len(re.sub(r"\D", "", text)) >= _MIN_NATIONAL_DIGITS and not text.isdigit():
            boundary = Boundary.NATIONAL if kind.startswith("national") else Boundary.DIGITS
            yield _number(f"{name}/{kind}", text, boundary, hashed=kind.endswith("formatted"))


def email_forms(name: str, value: str) -> Iterator[Form]:
    """The address in any case, with its digests lower-cased; the local part where a key names it."""
    text = value.strip()
    for hashed in dict.fromkeys((text, text.lower(), text.upper())):
        yield Form(
            name=name,
            pattern=hashed.encode("utf-8", "surrogatepass"),
            boundary=Boundary.EMAIL,
            bits=surprise(text, caseless=True),
            caseless=True,
            hashed=True,
        )
    local = text.partition("@")[0]
    if len(local) >= _MIN_LOCAL_PART:
        yield Form(
            name=f"{name}/local-part",
            pattern=local.encode("utf-8", "surrogatepass"),
            boundary=Boundary.USERNAME,
            bits=surprise(local, caseless=True),
            caseless=True,
            needs_context=surprise(local, caseless=True) < SURE_BITS,
            hashed=surprise(local, caseless=True) >= SURE_BITS,
        )


def name_forms(name: str, value: str) -> Iterator[Form]:
    """A person's name: as written, in other cases, family name first, and its two ends in fields apart."""
    text = " ".join(value.split())
    writings = {text: name}
    given, _, family = text.rpartition(" ")
    if given:
        writings.setdefault(f"{family} {given}", f"{name}/family-first")
        writings.setdefault(f"{family}, {given}", f"{name}/family-first")
        writings.setdefault(f"{family};{given}", f"{name}/family-first")  # vCard's N, RFC 6350, 6.2.2
        for joint in "._-+":
            writings.setdefault(text.replace(" ", joint), f"{name}/joined")
    for writing, form in list(writings.items()):
        for plain in _romanised(writing):
            writings.setdefault(plain, f"{form}/romanised")
    for writing, form in writings.items():
        boundary = Boundary.USERNAME if "/joined" in form else Boundary.NAME
        yield from _text_forms(form, writing, boundary, hashed=True)
    if given and min(len(given), len(family)) >= 2:
        for half, part in ((Half.GIVEN, given), (Half.FAMILY, family)):
            yield from _text_forms(f"{name}/fields-apart", part, Boundary.NAME, half=half)


def _romanised(text: str) -> list[str]:
    """Without accents, and with German umlauts and the like spelt out; nothing for plain ASCII."""
    if text.isascii():
        return []
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return [plain for plain in (bare, text.translate(_SPELT_OUT)) if plain.isascii()]


def address_forms(name: str, value: str) -> Iterator[Form]:
    """An IP address as written; one of version 6 also in its shortest spelling (RFC 5952), and with all zeros."""
    yield from short_text_forms(name, value, Boundary.DOTTED)
    try:
        address = ipaddress.IPv6Address(value.strip())
    except ValueError:
        return
    for text in {address.compressed, address.exploded} - {value.strip().lower()}:
        yield from short_text_forms(f"{name}/rewritten", text, Boundary.DOTTED)


def short_text_forms(
    name: str, value: str, boundary: Boundary, *, needs_context: bool = False
) -> Iterator[Form]:
    """A short text (network name, device name, user name) in any case and encoding."""
    text = value.strip()
    needs = needs_context or len(text.encode()) < _MIN_SURE_TEXT
    yield from _text_forms(name, text, boundary, hashed=not needs_context, needs_context=needs)


def ssid_forms(name: str, value: str) -> Iterator[Form]:
    """A network's name, and the digest of it in the quotes that Android puts around it."""
    yield from short_text_forms(name, value, Boundary.SSID)
    quoted = f'"{value.strip()}"'.encode("utf-8", "surrogatepass")
    yield Form(
        name=f"{name}/quoted",
        pattern=b"",
        text=quoted,
        boundary=Boundary.NONE,
        bits=surprise(value),
        hashed=True,
    )


def _text_forms(
    name: str,
    text: str,
    boundary: Boundary,
    *,
    hashed: bool = False,
    needs_context: bool = False,
    half: Half | None = None,
) -> Iterator[Form]:
    bits = surprise(text, caseless=True)
    if text and ord(text[0]) > 0x2E7F and boundary is Boundary.NAME:
        boundary = Boundary.NONE  # these scripts put no space between words
    cases = [text, text.lower(), text.upper(), text.title()]
    for case in dict.fromkeys(unicodedata.normalize("NFC", case) for case in cases):
        yield Form(
            name=name,
            pattern=case.encode("utf-8", "surrogatepass"),
            boundary=boundary,
            bits=bits,
            caseless=True,
            hashed=hashed and case in cases[:3],
            needs_context=needs_context,
            half=half,
        )
    if text.isascii():
        return
    decomposed = unicodedata.normalize("NFD", text)
    encodings = {decomposed.encode("utf-8", "surrogatepass"): "decomposed"}
    for encoding in _OTHER_ENCODINGS:
        try:
            encodings.setdefault(text.encode(encoding), encoding)
        except UnicodeEncodeError:
            continue
    for pattern, encoding in encodings.items():
        yield Form(
            name=f"{name}/{encoding}",
            pattern=pattern,
            boundary=Boundary.NONE,
            bits=bits,
            needs_context=needs_context,
            half=half,
        )


def long_text_forms(name: str, value: str) -> Iterator[Form]:
    """A message or entry: whole, and any long part of it."""
    text = unicodedata.normalize("NFC", value.strip())
    raw = text.encode("utf-8", "surrogatepass")
    short = len(raw) < _MIN_SURE_TEXT
    yield from _text_forms(name, text, Boundary.NAME, hashed=True, needs_context=short)
    if len(raw) <= MIN_STRETCH:
        return
    for at in range(0, min(len(raw), _MAX_ANCHORED) - ANCHOR + 1, ANCHOR):
        yield Form(
            name=f"{name}/part",
            pattern=raw[at : at + ANCHOR],
            boundary=Boundary.NONE,
            bits=surprise(text, caseless=True),
            anchor=True,
            text=raw,
            at=at,
        )


def file_forms(name: str, content: bytes) -> Iterator[Form]:
    """A file: its digests, and pieces of its bytes from all over it."""
    yield Form(
        name=f"{name}/content",
        pattern=b"",
        boundary=Boundary.NONE,
        bits=raw_bits(content[:64]),
        hashed=True,
        text=content,
    )
    if len(content) < FILE_ANCHOR:
        return
    step = max(FILE_ANCHOR, (len(content) - FILE_ANCHOR) // FILE_ANCHORS)
    for at in range(0, len(content) - FILE_ANCHOR + 1, step):
        piece = content[at : at + FILE_ANCHOR]
        if len(set(piece)) >= FILE_ANCHOR // 2:  # a run of zeros or spaces is in every file
            yield Form(
                name=f"{name}/bytes",
                pattern=piece,
                boundary=Boundary.NONE,
                bits=raw_bits(piece),
                anchor=True,
                text=content,
                at=at,
            )
