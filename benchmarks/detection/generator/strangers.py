"""Requests of strangers, as close as strangers come.

Three kinds: ordinary traffic that holds nobody; the values of a *twin* (same TAC, manufacturer prefix,
operator, number block, first name; other serial, other surname) sent in every way in which the subject's
are; and traps made for one mistake each. A stranger never holds a value of the subject: a twin that
shares one by chance is made again.
"""

import json
import re
from collections.abc import Callable
from random import Random

from benchmarks.detection.generator import background, phones, words
from benchmarks.detection.generator.checkdigits import changed_digit, digits, hexadecimal, luhn, with_luhn
from benchmarks.detection.generator.forms import EMAILS, MACS, PHONES, TEXTS, UUIDS
from benchmarks.detection.generator.identities import TOKEN_LETTERS, Identity, Value
from benchmarks.detection.generator.payload import one
from benchmarks.detection.generator.requests import Draft, place, text_spot

HEX = "0123456789abcdef"
MOST_TRIES = 50


def twin(rng: Random, people: Identity) -> Identity:
    """Somebody whose every value is near to the subject's, and none the same."""
    for _ in range(MOST_TRIES):
        values = tuple(Value(id=value.id, type=value.type, text=_near(rng, value)) for value in people.values)
        made = Identity(seed=people.seed, region=people.region, values=values)
        if not shared_values(people, made):
            return made
    raise AssertionError("every twin shares a value with the subject: one type has no neighbour")


def shared_values(people: Identity, other: Identity) -> list[str]:
    """The ids of the other's values that are, or hold as a word, a value of the subject."""
    own = {(value.type, canonical(value)) for value in people.values}
    texts = [value.text.lower() for value in people.values]
    found = []
    for value in other.values:
        text = value.text.lower()
        if (value.type, canonical(value)) in own or any(holds_word(text, known) for known in texts):
            found.append(value.id)
    return found


def holds_word(text: str, known: str) -> bool:
    """Whether `known` stands in the text with neither a letter nor a digit beside it."""
    return known in text and re.search(rf"(?<!\w){re.escape(known)}(?!\w)", text) is not None


def canonical(value: Value) -> str:
    """What makes two values of a type the same, however they are written."""
    if value.type == "imei":
        return value.text[:14]
    if value.type in EMAILS:
        return value.text.partition("@")[0].lower()
    if value.type == "location":
        return ",".join(f"{float(degree):.2f}" for degree in value.text.split(","))
    return "".join(letter for letter in value.text.lower() if letter.isalnum())


def _near(rng: Random, value: Value) -> str:
    """Another value of the type, as near as it gets."""
    kind, text = value.type, value.text
    for kinds, make in _NEAR:
        if kind in kinds:
            return make(rng, text)
    return _NEAR_ONE[kind](rng, text)


def _imei(rng: Random, text: str) -> str:
    number = changed_digit(rng, text[:14], first=8)
    return with_luhn(number) if rng.random() < 0.6 else with_luhn(text[:8] + _other_digits(rng, text[8:14]))


def _other_digits(rng: Random, text: str) -> str:
    made = digits(rng, len(text))
    return made if made != text else _other_digits(rng, text)


def _iccid(rng: Random, text: str) -> str:
    return with_luhn(changed_digit(rng, text[:-1], first=6))


def _phone(rng: Random, text: str) -> str:
    if rng.random() < 0.3:
        return text + rng.choice("0123456789")  # one digit more: another extension of the same block
    free = min(phones.plan_of(text).free, 3)  # the neighbours are of the range for fiction too
    return changed_digit(rng, text, first=len(text) - free)


def _mac(rng: Random, text: str) -> str:
    return changed_digit(rng, text, first=9, alphabet=HEX)


def _uuid(rng: Random, text: str) -> str:
    shared = rng.choice((8, 13, 18, 23, 35))
    return changed_digit(rng, text, first=min(shared, 24) if shared < 35 else 35, alphabet=HEX)


def _email(rng: Random, text: str) -> str:
    local, _, host = text.partition("@")
    more = rng.choice(
        (local + rng.choice("abxz0"), rng.choice("abxz") + local, changed_digit(rng, local, first=0))
    )
    return f"{more}@{host}"


def _person(rng: Random, text: str) -> str:
    first, _, last = text.partition(" ")
    if not last:
        return text[0] + "".join(
            rng.sample([letter for letter in words.HAN_GIVEN if letter not in text], len(text) - 1)
        )
    return f"{first} {rng.choice(words.OTHER_LAST)}"


def _text(rng: Random, text: str) -> str:
    shared = " ".join(text.split()[1:4])[:14]
    return f"{rng.choice(words.OTHER_TEXTS)} {shared}, {rng.choice(words.OTHER_EVENTS)}"


def _location(rng: Random, text: str) -> str:
    # A nearby town: 5 to 30 km away in both coordinates, so that no shortening makes it the subject's home.
    return ",".join(
        f"{float(degree) + rng.choice((-1, 1)) * rng.uniform(0.05, 0.3):.6f}" for degree in text.split(",")
    )


def _push_token(rng: Random, text: str) -> str:
    return (
        "".join(rng.choices(TOKEN_LETTERS, k=22)) + text[22:29] + "".join(rng.choices(TOKEN_LETTERS, k=134))
    )


def _device_name(rng: Random, text: str) -> str:
    first, second, number = text.split()
    other = rng.choice([word for word in words.DEVICE_WORDS if word not in (first, second)])
    return f"{first} {other} {number}"


_NEAR: tuple[tuple[tuple[str, ...], Callable[[Random, str], str]], ...] = (
    (PHONES, _phone),
    (MACS, _mac),
    (UUIDS, _uuid),
    (EMAILS, _email),
    (("person_name", "contact_name"), _person),
    (TEXTS, _text),
)
_NEAR_ONE: dict[str, Callable[[Random, str], str]] = {
    "imei": _imei,
    "iccid": _iccid,
    "meid": lambda rng, text: changed_digit(rng, text, first=6, alphabet=HEX),
    "imsi": lambda rng, text: changed_digit(rng, text, first=6),
    "location": _location,
    "carrier_name": lambda rng, text: rng.choice(words.OTHER_CARRIERS),
    "push_token": _push_token,
    "ssid": lambda rng, text: (
        text[:-1] + rng.choice([c for c in "ABCDEFGHKMNPRSTX" if c != text[-1]]) + rng.choice(("", "2"))
    ),
    "serial_number": lambda rng, text: (
        text[:-1] + rng.choice([c for c in "ABCDEFGHJKLMN0123456789" if c != text[-1]])
    ),
    "android_id": lambda rng, text: changed_digit(rng, text, first=4, alphabet=HEX),
    "account_id": lambda rng, text: (
        changed_digit(rng, text, first=5) if rng.random() < 0.7 else text + digits(rng, 1)
    ),
    "username": lambda rng, text: text + digits(rng, 1),
    "device_name": _device_name,
    "device_model": lambda rng, text: changed_digit(rng, text, first=0),
    "installed_app": lambda rng, text: text[:-1] + rng.choice([c for c in HEX if c != text[-1]]),
    "identifier": lambda rng, text: changed_digit(rng, text, first=8, alphabet=HEX),
}


# --- traps

Trap = Callable[[Random, Identity, Draft], None]


def order_number(rng: Random, people: Identity, draft: Draft) -> None:
    """A number of 20 digits that shares 9 to 14 with the IMEI, and is another number."""
    imei, shared = people.get("imei-1").text, rng.choice((9, 10, 12, 13, 14))
    number = imei[:shared] + digits(rng, 20 - shared)
    if number[14] == luhn(number[:14]):
        number = number[:14] + str((int(number[14]) + 1) % 10) + number[15:]
    place(draft, text_spot(rng), one(rng.choice(("order", "invoice", "tracking_no")), number))


def other_check_digits(rng: Random, people: Identity, draft: Draft) -> None:
    """Handsets of the same lot: the subject's TAC with serials counted on."""
    imei = people.get("imei-2").text
    lot = [with_luhn(f"{(int(imei[:14]) + step) % 10**14:014d}") for step in rng.sample(range(1, 90), 4)]
    place(draft, "json", one("fleet", ",".join(lot) if rng.random() < 0.5 else lot[0]))


def longer_number(rng: Random, people: Identity, draft: Draft) -> None:
    """The subject's number inside a longer one, digits before it and after."""
    number = rng.choice(people.of(*PHONES)).text[1:]
    place(
        draft, text_spot(rng), one("ref", rng.choice("123456789") + digits(rng, 3) + number + digits(rng, 4))
    )


def number_block(rng: Random, people: Identity, draft: Draft) -> None:
    """Neighbours in the subject's number block."""
    text = people.get("phone").text
    others = [
        text[:-2] + tail
        for tail in (f"{number:02d}" for number in rng.sample(range(5, 100), 5))
        if tail != text[-2:]
    ]
    known = {value.text for value in people.of(*PHONES)}
    place(draft, "json", one("numbers", " ".join(other for other in others if other not in known)))


def carrier_word(rng: Random, people: Identity, draft: Draft) -> None:
    """The carrier's word where no carrier is spoken of: a colour, a shop, a hashtag."""
    word = people.get("carrier").text
    key, text = rng.choice(
        (("tag", f"#{word.lower()}"), ("comment", f"my {word} mug broke"), ("q", f"{word} shop near me"))
    )
    place(draft, rng.choice(("json", "query", "form")), one(key, text))


def first_names(rng: Random, people: Identity, draft: Draft) -> None:
    """Namesakes: the first name alone, and with every surname but the subject's."""
    first = people.get("person").text.split()[0]
    names = [first, *(f"{first} {last}" for last in rng.sample(words.OTHER_LAST, 3))]
    place(draft, rng.choice(("json", "form")), one("suggestions", json.dumps(names)))


def phrase(rng: Random, people: Identity, draft: Draft) -> None:
    """Another message that shares a short phrase with one of the subject's."""
    place(draft, text_spot(rng), one("text", _text(rng, rng.choice(people.of(*TEXTS)).text)))


def partial_digest(rng: Random, people: Identity, draft: Draft) -> None:
    """Random hex beside the first digits of an identifier of the subject's."""
    shared = people.get("android-id").text[:6]
    place(draft, text_spot(rng), one("hash", shared + hexadecimal(rng, rng.choice((10, 26, 34, 58)))))


def coordinates_apart(rng: Random, people: Identity, draft: Draft) -> None:
    """The subject's latitude with another longitude: a place on the other side of the country."""
    latitude, longitude = people.get("home").text.split(",")
    place(draft, "json", (("lat", float(latitude)), ("lon", round(float(longitude) + rng.uniform(2, 5), 6))))


def same_prefix_uuids(rng: Random, people: Identity, draft: Draft) -> None:
    """Unrelated UUIDs that begin as the subject's advertising ID does."""
    text = people.get("gaid").text
    place(draft, "json", one("ids", " ".join(_uuid(rng, text) for _ in range(3))))


def phone_plan(rng: Random, people: Identity, draft: Draft) -> None:
    """Numbers of every plan, none of them known."""
    known = {value.text for value in people.of(*PHONES)}
    numbers = [phones.make(rng, plan) for plan in phones.PLANS]
    place(draft, "json", one("directory", ",".join(number for number in numbers if number not in known)))


TRAPS: dict[str, Trap] = {
    trap.__name__: trap
    for trap in (
        order_number,
        other_check_digits,
        longer_number,
        number_block,
        carrier_word,
        first_names,
        phrase,
        partial_digest,
        coordinates_apart,
        same_prefix_uuids,
        phone_plan,
    )
}


def ordinary_traffic(rng: Random, people: Identity, draft: Draft) -> None:
    """A request that holds nobody."""
    fields = tuple(background.noise_fields(rng, 2, 5))
    if rng.random() < 0.7:
        place(
            draft,
            rng.choice(
                ("json", "form", "protobuf", "messagepack", "xml-text", "json-in-json", "multipart", "ndjson")
            ),
            fields,
        )
