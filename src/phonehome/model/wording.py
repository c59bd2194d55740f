"""Words of data types, numbers and lists for people: the same in what is judged and in what is shown."""

from collections.abc import Iterable, Sequence

_UPPER = {"imei", "meid", "imsi", "iccid", "mac", "id", "drm", "sms", "ssid", "bssid", "ip"}
_SPELT = {"wifi": "Wi-Fi", "bluetooth": "Bluetooth", "android": "Android"}


def data_type(name: str) -> str:
    """Write a data type for people: `contact_phone_number` as “contact phone number”, `imei` as “IMEI”."""
    words = name.split("_")
    return " ".join(word.upper() if word in _UPPER else _SPELT.get(word, word) for word in words)


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Write a number with its noun: “1 flow”, “12,000 flows”."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listing(items: Iterable[str]) -> str:
    """Join words as a sentence does: “a”, “a and b”, “a, b and c”."""
    *head, last = items
    return f"{', '.join(head)} and {last}" if head else last


def listing_at_most(items: Sequence[str], limit: int, rest: str, rests: str) -> str:
    """Join as `listing` does, naming `limit` items and counting the others: “a, b and 3 more data types”."""
    if len(items) <= limit + 1:  # “and 1 more” says less than the name
        return listing(items)
    return listing([*items[:limit], count(len(items) - limit, rest, rests)])
