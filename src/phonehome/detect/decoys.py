"""Invented strangers matched to the subject, searched for in the same pass: none of them may ever be found.

A decoy shares with its value what strangers share with it: type allocation code, network code, number prefix, the
maker's part of a MAC address, the shape of a name. The generator is seeded by the subject, so runs repeat.
"""

import hashlib
import random
import re

from phonehome.detect.forms.equipment import luhn_digit
from phonehome.detect.forms.place import parse_location
from phonehome.model.subject import DataType, KnownValue, Subject

PREFIX = "decoy:"
_MIN_RANDOM_DIGITS = 4
_VOWELS = "aeiou"
_CONSONANTS = "bcdfghklmnprstvw"
_WITHOUT = frozenset({DataType.CARRIER_NAME, DataType.DEVICE_MODEL, DataType.PHOTO, DataType.FILE})


def decoys_of(subject: Subject) -> list[KnownValue]:
    """One stranger for each value that can have one; values shared by many people have none."""
    seed = "\x1f".join(f"{value.id}\x1e{value.type}\x1e{value.value}" for value in subject.values)
    chance = random.Random(hashlib.sha256(seed.encode("utf-8", "surrogatepass")).digest())
    known = {value.value.casefold() for value in subject.values}
    decoys = []
    for value in subject.values:
        if value.type in _WITHOUT or value.content is not None:
            continue
        stranger = _stranger(value, chance)
        if stranger and stranger.casefold() not in known:
            decoys.append(KnownValue(id=PREFIX + value.id, type=value.type, value=stranger))
    return decoys


def _stranger(value: KnownValue, chance: random.Random) -> str | None:
    text = value.value
    digits = re.sub("[^0-9]", "", text)
    match value.type:
        case DataType.IMEI:
            core = digits[:8] + _digits(chance, 6)
            return core + luhn_digit(core)
        case DataType.IMSI:
            return digits[:5] + _digits(chance, max(len(digits) - 5, 0))
        case DataType.ICCID:
            core = digits[:9] + _digits(chance, max(len(digits) - 10, 0))
            return core + luhn_digit(core)
        case DataType.WIFI_MAC | DataType.BLUETOOTH_MAC | DataType.BSSID:
            head = re.match(r"(?:[0-9A-Fa-f]{2}[^0-9A-Fa-f]?){3}", text)
            return _scrambled(text, chance, keep=head.end() if head else 0)
        case DataType.LOCATION:
            return _elsewhere(text, chance)
        case _:
            phone = value.type.value.endswith("phone_number")
            keep = max(len(text) - max(len(digits) // 2, _MIN_RANDOM_DIGITS), 0) if phone else 0
            return _scrambled(text, chance, keep=keep)


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choice("0123456789") for _ in range(count))


def _scrambled(text: str, chance: random.Random, *, keep: int) -> str:
    """Other characters of the same kinds in the same places, after the first `keep`."""
    hexadecimal = re.fullmatch(r"[0-9a-fA-F:\-. ]+", text) is not None
    out = list(text[:keep])
    for char in text[keep:]:
        if hexadecimal and char.isalnum() and not text.isdigit():
            other = chance.choice("0123456789abcdef")
            out.append(other.upper() if char.isupper() else other)
        elif char.isdigit():
            out.append(chance.choice("0123456789"))
        elif char.isalpha():
            other = chance.choice(_VOWELS if char.lower() in _VOWELS else _CONSONANTS)
            out.append(other.upper() if char.isupper() else other)
        else:
            out.append(char)
    return "".join(out)


def _elsewhere(text: str, chance: random.Random) -> str | None:
    try:
        latitude, longitude = parse_location(text)
    except ValueError:
        return None
    away = chance.uniform(0.4, 1.6)
    latitude = latitude - away if latitude > 0 else latitude + away
    longitude = longitude - away if longitude > 0 else longitude + away
    return f"{latitude:.6f},{longitude:.6f}"
