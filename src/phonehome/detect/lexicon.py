"""What to search for: all forms of all known values and of their decoys, and the digests of those forms."""

import re
from dataclasses import dataclass, replace

from phonehome.detect.decoys import decoys_of
from phonehome.detect.digests import DigestIndex
from phonehome.detect.forms import Boundary, Form, written_forms
from phonehome.model.subject import DataType, KnownValue, Subject

MIN_SEARCHED_BITS = 16.0
"""Surprise below which a value is not searched for at all, except where a key names it."""

MIN_GROUPED = 9
"""Digits of a number that is looked for in groups; fewer are a date."""

COMMON_WORDS = frozenset(
    {
        "test",
        "admin",
        "user",
        "phone",
        "android",
        "iphone",
        "samsung",
        "xiaomi",
        "huawei",
        "google",
        "home",
        "wifi",
        "guest",
        "default",
        "unknown",
    }
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One form of one value; `value` is its place in `Lexicon.values`."""

    value: int
    form: Form


class Lexicon:
    """The patterns of one subject.

    Attributes:
        values: Known values first, then decoys; entries refer to them by place.
        decoys_from: Where the decoys begin.
        patterns: Every distinct pattern with whether letters match in either case.
        entries: For each pattern, whose forms it is.
        grouped: Numbers by their bare digits, for those written in groups.
        digests: The index of all digests.
        explained: For each known value, whether it is searched for, and what to know about that.
    """

    def __init__(self, subject: Subject) -> None:
        known = list(subject.values)
        self.decoys_from = len(known)
        self.explained: list[tuple[str, bool, str | None]] = []
        self.values: list[KnownValue] = known + decoys_of(subject)
        by_pattern: dict[tuple[bytes, bool], list[Entry]] = {}
        hashed: list[tuple[int, Form, bytes]] = []
        for place, value in enumerate(self.values):
            forms = written_forms(value, subject.region)
            searched, why = _explain(value, forms)
            if place < self.decoys_from:
                self.explained.append((value.id, searched, why))
            if not searched:
                continue
            texts: set[bytes] = set()
            for form in forms:
                if form.pattern:
                    key = (form.pattern.lower() if form.caseless else form.pattern, form.caseless)
                    known_entries = by_pattern.setdefault(key, [])
                    if not any(
                        entry.value == place and entry.form.name == form.name for entry in known_entries
                    ):
                        known_entries.append(Entry(place, form))
                text = form.pattern or form.text
                if form.hashed and form.half is None and text not in texts:
                    texts.add(text)
                    hashed.append((place, form, text))
        self.patterns = list(by_pattern)
        self.entries = [tuple(entries) for entries in by_pattern.values()]
        self.grouped = self._group(MIN_GROUPED)
        self.digests = DigestIndex(hashed)

    def _group(self, least: int) -> dict[bytes, list[Entry]]:
        """Numbers by their bare digits, for those written in groups."""
        grouped: dict[bytes, list[Entry]] = {}
        for entries in self.entries:
            for entry in entries:
                digits = re.sub(rb"[^0-9]", b"", entry.form.pattern)
                numeric = entry.form.boundary in (Boundary.DIGITS, Boundary.NATIONAL)
                if not numeric or len(digits) < least:
                    continue
                known = grouped.setdefault(digits, [])
                if not any(other.value == entry.value for other in known):
                    name = f"{entry.form.name.partition('/')[0]}/grouped"
                    known.append(Entry(entry.value, replace(entry.form, name=name)))
        return grouped

    @property
    def decoys(self) -> list[KnownValue]:
        """The strangers."""
        return self.values[self.decoys_from :]


def explain(subject: Subject) -> list[tuple[str, bool, str | None]]:
    """For each value in order: its id, whether it is searched for, and why not (or with what reserve)."""
    return [(value.id, *_explain(value, written_forms(value, subject.region))) for value in subject.values]


def _explain(value: KnownValue, forms: list[Form]) -> tuple[bool, str | None]:
    if not forms:
        return False, f"not a usable {value.type.value}: no form of it has four characters or more"
    if _is_placeholder(value.value):
        return False, "a placeholder that many handsets report instead of their own"
    free = [form for form in forms if not form.needs_context]
    best = max((form.bits * (2 if form.half else 1) for form in free), default=0.0)
    if not free:
        if value.type is DataType.CARRIER_NAME:
            return True, "shared by millions of people: counts only where a key names the network"
        return True, "short: counts only where a key or the words before it name its type"
    if best < MIN_SEARCHED_BITS:
        return False, f"too short: a stranger's data holds it by accident ({best:.0f} bits of surprise)"
    if value.value.casefold().strip() in COMMON_WORDS:
        return False, "too common: it stands in everybody's traffic"
    return True, None


def _is_placeholder(text: str) -> bool:
    """All zeros, all Fs and the like; and the two constants of Android's own making."""
    digits = re.sub(r"[^0-9a-z]", "", text.casefold())
    return len(digits) >= 8 and (len(set(digits)) == 1 or digits in PLACEHOLDERS)


PLACEHOLDERS = frozenset(
    {
        "020000000000",  # the MAC address since Android 6
        "9774d56d682e549c",  # the Android ID of a batch of Android 2.2 handsets
        "004999010640000",  # the IMEI of emulators
        "012345678901234",
        "123456789012345",
        "1234567890",
    }
)


CONTEXT: dict[DataType, re.Pattern[bytes]] = {
    data_type: re.compile(words, re.IGNORECASE)
    for data_type, words in {
        DataType.CARRIER_NAME: rb"carrier(?!s)|extinfo|operator|\boper|plmn|\bspn\b|\bsim|mno\b|telco"
        rb"|isp\b|network_?name|provider",
        DataType.SSID: rb"ssid|wi-?fi|wlan|network|\bap\b|hotspot",
        DataType.USERNAME: rb"user|login|nick|account|name\b|\buid|handle",
        DataType.EMAIL: rb"mail|user|login|account",
        DataType.CONTACT_EMAIL: rb"mail|user|contact",
        DataType.PERSON_NAME: rb"name|person|owner|user",
        DataType.CONTACT_NAME: rb"name|contact|person",
        DataType.DEVICE_NAME: rb"device|name|host|model|phone",
        DataType.DEVICE_MODEL: rb"device|model|product|hardware|user-agent|phone",
        DataType.SMS_TEXT: rb"sms|text|body|message|msg|content",
        DataType.CALENDAR_ENTRY: rb"calendar|event|title|subject|summary",
        DataType.CLIPBOARD: rb"clip|paste",
        DataType.INSTALLED_APP: rb"app|package|pkg|bundle",
        DataType.SERIAL_NUMBER: rb"serial|\bsn\b|device",
        DataType.PHONE_NUMBER: rb"phone|msisdn|mobile|number|\btel|line1|mdn",
        DataType.CONTACT_PHONE_NUMBER: rb"phone|msisdn|mobile|number|\btel|contact|externalid",
        DataType.SMS_PHONE_NUMBER: rb"phone|msisdn|mobile|number|\btel|sms|sender|address|externalid",
        DataType.CALL_PHONE_NUMBER: rb"phone|msisdn|mobile|number|\btel|call|externalid",
        DataType.IMEI: rb"imei|device|meid",
        DataType.IMSI: rb"imsi|msin|subscriber|sim",
        DataType.LOCATION: rb"lat|lon|lng|loc|geo|gps|coord|position",
    }.items()
}
"""Words in a key, or before a value, that name its type; in common use in SDKs, by reading their documentation."""
