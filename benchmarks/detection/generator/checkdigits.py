"""Check digits, and the fields that numbers are built of."""

from random import Random


def digits(rng: Random, count: int) -> str:
    """Random decimal digits, leading zeros included."""
    return "".join(rng.choice("0123456789") for _ in range(count))


def hexadecimal(rng: Random, count: int) -> str:
    """Random lower-case hex digits."""
    return "".join(rng.choice("0123456789abcdef") for _ in range(count))


def luhn(number: str) -> str:
    """The check digit that ISO/IEC 7812-1 appends to a number (IMEI, ICCID)."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def with_luhn(number: str) -> str:
    """The number with its check digit."""
    return number + luhn(number)


def uuid_text(rng: Random) -> str:
    """A random (version 4) UUID in lower case."""
    text = hexadecimal(rng, 32)
    text = text[:12] + "4" + text[13:16] + rng.choice("89ab") + text[17:]
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def mac_text(rng: Random, oui: str) -> str:
    """A MAC address in upper case with colons, of a manufacturer's prefix (`"D4:61:9D"`)."""
    tail = hexadecimal(rng, 6).upper()
    return f"{oui}:{tail[:2]}:{tail[2:4]}:{tail[4:]}"


def changed_digit(rng: Random, text: str, *, first: int, alphabet: str = "0123456789") -> str:
    """The text with one character, at `first` or later, changed to another of the alphabet."""
    places = [place for place in range(first, len(text)) if text[place].lower() in alphabet]
    place = rng.choice(places)
    other = rng.choice([letter for letter in alphabet if letter != text[place].lower()])
    return text[:place] + (other.upper() if text[place].isupper() else other) + text[place + 1 :]
