"""A subject: about 35 values of the types that a handset holds, all random, with right check digits."""

from dataclasses import dataclass
from random import Random

from benchmarks.detection.generator import phones, words
from benchmarks.detection.generator.checkdigits import digits, hexadecimal, mac_text, uuid_text, with_luhn

OUIS = ("D4:61:9D", "3C:5A:B4", "F0:79:60", "A4:77:33", "64:09:80", "88:66:5A", "C8:3A:35")
TOKEN_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One known value, by the names of subject.yaml."""

    id: str
    type: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """All values of one subject (or of the stranger who is nearest to it)."""

    seed: int
    region: str
    values: tuple[Value, ...]

    def of(self, *types: str) -> tuple[Value, ...]:
        """The values of some types."""
        return tuple(value for value in self.values if value.type in types)

    def get(self, value_id: str) -> Value:
        """The value with an id."""
        return next(value for value in self.values if value.id == value_id)


def make_identity(seed: int) -> Identity:
    """The subject of a seed."""
    rng = Random(f"identity {seed}")
    plan = rng.choice(phones.PLANS)
    pairs = [
        *_numbers(rng),
        *_telephony(rng, plan),
        *_radio(rng),
        *_accounts(rng),
        *_people(rng),
        *_texts(rng),
        *_device(rng),
    ]
    values = tuple(Value(id=value_id, type=kind, text=text) for value_id, kind, text in pairs)
    return Identity(seed=seed, region=plan.region, values=values)


Row = tuple[str, str, str]


def _numbers(rng: Random) -> list[Row]:
    tac = "35" + digits(rng, 6)
    mcc_mnc = rng.choice(("26201", "20801", "40445", "310260", "23415", "46001"))
    iccid = "89" + rng.choice(("4910", "3301", "9110", "4412", "8601")) + digits(rng, 12 + rng.randrange(2))
    return [
        ("imei-1", "imei", with_luhn(tac + digits(rng, 6))),
        ("imei-2", "imei", with_luhn(tac + digits(rng, 6))),
        ("meid", "meid", "A1" + hexadecimal(rng, 12).upper()),
        ("imsi", "imsi", mcc_mnc + digits(rng, 15 - len(mcc_mnc))),
        ("iccid", "iccid", with_luhn(iccid)),
    ]


def _telephony(rng: Random, plan: phones.Plan) -> list[Row]:
    made: list[str] = []
    # One contact at least lives where a trunk prefix is dialled, so that every form has a number.
    others = [rng.choice(phones.PLANS[1:]), *(rng.choice(phones.PLANS) for _ in range(3))]
    for choice in (plan, *others):
        number = phones.make(rng, choice)
        while number in made:
            number = phones.make(rng, choice)
        made.append(number)
    rows = (
        ("phone", "phone_number"),
        ("contact-phone-1", "contact_phone_number"),
        ("contact-phone-2", "contact_phone_number"),
        ("sms-phone", "sms_phone_number"),
        ("call-phone", "call_phone_number"),
    )
    return [(value_id, kind, number) for (value_id, kind), number in zip(rows, made, strict=True)]


def _radio(rng: Random) -> list[Row]:
    wifi, bluetooth, router = rng.sample(OUIS, 3)
    latitude = rng.uniform(-54, 65)
    longitude = rng.uniform(-170, 170)
    return [
        ("wifi-mac", "wifi_mac", mac_text(rng, wifi)),
        ("bt-mac", "bluetooth_mac", mac_text(rng, bluetooth)),
        ("bssid", "bssid", mac_text(rng, router).lower()),
        (
            "ssid",
            "ssid",
            rng.choice(words.SSID_STEMS) + "".join(rng.choice("ABCDEFGHKMNPRSTX23456789") for _ in range(6)),
        ),
        ("home", "location", f"{latitude:.6f},{longitude:.6f}"),
        (
            "work",
            "location",
            f"{latitude + rng.choice((-1, 1)) * rng.uniform(1, 2):.6f},{longitude + rng.uniform(1, 2):.6f}",
        ),
        ("carrier", "carrier_name", rng.choice(words.CARRIERS)),
    ]


def _accounts(rng: Random) -> list[Row]:
    first, last = rng.choice(words.FIRST), rng.choice(words.LAST)
    handle = (
        rng.choice(("owl", "fennec", "kestrel", "lynx", "otter"))
        + "_"
        + rng.choice(("north", "ember", "quartz", "velvet"))
    )
    # The local part's capitals are what makes "lower-cased" a form of its own.
    local = f"{first}.{rng.choice(words.LAST)[:6]}{rng.randrange(100, 999)}"
    token = (
        "".join(rng.choice(TOKEN_LETTERS) for _ in range(22))
        + ":APA91b"
        + "".join(rng.choice(TOKEN_LETTERS) for _ in range(134))
    )
    contact = f"{rng.choice(words.OTHER_LAST).lower()}{rng.randrange(1000, 9999)}"
    return [
        ("person", "person_name", f"{first} {last}"),
        ("email", "email", f"{local}@{rng.choice(('example.org', 'mail.example.com', 'example.net'))}"),
        (
            "contact-email",
            "contact_email",
            f"{contact}@{rng.choice(('post.example', 'example.org', 'mailbox.example'))}",
        ),
        ("username", "username", f"{handle}{rng.randrange(100, 9999)}"),
        ("account", "account_id", rng.choice("3456789") + digits(rng, 10)),
        ("push-token", "push_token", token),
    ]


def _people(rng: Random) -> list[Row]:
    names = (rng.choice(words.CONTACT_LATIN), rng.choice(words.CONTACT_HAN), rng.choice(words.CONTACT_OTHER))
    return [(f"contact-{place}", "contact_name", name) for place, name in enumerate(names, 1)]


def _texts(rng: Random) -> list[Row]:
    openings, middles, closings = (
        rng.sample(words.OPENINGS, 2),
        rng.sample(words.MIDDLES, 2),
        rng.sample(words.CLOSINGS, 2),
    )
    texts = [f"{a} {b}, {c}" for a, b, c in zip(openings, middles, closings, strict=True)]
    hour = f"{rng.randrange(8, 19)}:{rng.choice(('05', '15', '20', '35', '50'))}"
    return [
        ("sms-1", "sms_text", texts[0]),
        ("sms-2", "sms_text", texts[1]),
        ("calendar", "calendar_entry", f"{rng.choice(words.EVENTS)}, {rng.choice(words.PLACES)}, {hour}"),
    ]


def _device(rng: Random) -> list[Row]:
    model = rng.choice(
        (
            f"SM-{rng.choice('AGNS')}{digits(rng, 3)}{rng.choice('BFUN')}",
            f"Redmi Note {rng.randrange(20, 90)} Pro",
        )
    )
    vendor = rng.choice(("example", "acme", "sample"))
    letters = "ABCDEFGHJKLMNPRSTVWXYZ0123456789"
    return [
        ("serial", "serial_number", "R" + rng.choice("F5Z") + "".join(rng.choice(letters) for _ in range(9))),
        ("android-id", "android_id", rng.choice("123456789abcdef") + hexadecimal(rng, 15)),
        ("gaid", "advertising_id", uuid_text(rng)),
        ("vendor-id", "vendor_id", uuid_text(rng)),
        (
            "device-name",
            "device_name",
            " ".join(rng.sample(words.DEVICE_WORDS, 2)) + f" {rng.randrange(10, 99)}",
        ),
        ("device-model", "device_model", model),
        ("app", "installed_app", f"com.{vendor}.{rng.choice(words.APP_WORDS)}.{hexadecimal(rng, 5)}"),
        ("install-id", "identifier", hexadecimal(rng, 24)),
    ]
