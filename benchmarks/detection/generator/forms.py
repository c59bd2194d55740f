"""The forms: how a value is written before any layer covers it. A function a form, one table."""

import struct
from collections.abc import Callable
from random import Random

from benchmarks.detection.generator import phones
from benchmarks.detection.generator.checkdigits import digits
from benchmarks.detection.generator.identities import Value
from benchmarks.detection.generator.payload import Fields, Scalar, Written

PHONES = ("phone_number", "contact_phone_number", "sms_phone_number", "call_phone_number")
MACS = ("wifi_mac", "bluetooth_mac", "bssid")
UUIDS = ("advertising_id", "vendor_id")
EMAILS = ("email", "contact_email")
NAMES = ("person_name", "contact_name")
TEXTS = ("sms_text", "calendar_entry")

KEYS = {
    "imei": ("imei", "device_id", "did", "imei1", "deviceId", "x", "hwid", "id"),
    "meid": ("meid", "deviceid", "hw_id", "m"),
    "imsi": ("imsi", "subscriberId", "sim_id", "s"),
    "iccid": ("iccid", "simSerial", "sim_sn", "imsi"),
    "serial_number": ("serial", "sn", "ro.serialno", "hw"),
    "android_id": ("android_id", "aid", "ANDROID_ID", "udid", "uid"),
    "email": ("email", "login", "mail", "user", "e"),
    "contact_email": ("email", "to", "invitee", "contact"),
    "account_id": ("account", "uid", "userId", "mi_id", "a"),
    "username": ("username", "login", "nick", "u"),
    "push_token": ("token", "fcm_token", "pushId", "regid"),
    "device_name": ("device_name", "bt_name", "name", "dn"),
    "device_model": ("model", "device", "ro.product.model", "dm"),
    "installed_app": ("pkg", "package", "app", "bundle"),
    "identifier": ("install_id", "iid", "guid", "client"),
    "ssid": ("ssid", "wifi_name", "ap", "network"),
    "location": ("location", "ll", "geo", "pos", "center"),
    "carrier_name": ("carrier", "operatorName", "network_operator_name", "simOperatorName", "carrierName"),
}
GROUP_KEYS = (
    (PHONES, ("phone", "msisdn", "tel", "mobile", "number", "p", "recipient")),
    (MACS, ("mac", "wifi_mac", "wlan", "bssid", "hwaddr", "m")),
    (UUIDS, ("gaid", "idfa", "adid", "aaid", "oaid", "advertising_id", "d")),
    (NAMES, ("name", "display_name", "contact", "full_name")),
    (TEXTS, ("text", "body", "message", "title", "snippet", "content")),
)
LOCATION_KEYS = (("lat", "lon"), ("latitude", "longitude"), ("lat", "lng"), ("y", "x"))

Maker = Callable[[Random, Value], Scalar | Fields | None]


def key_of(rng: Random, kind: str) -> str:
    """A key under which a value of the type is sent; some tell nothing, as in the wild."""
    for kinds, keys in GROUP_KEYS:
        if kind in kinds:
            return rng.choice(keys)
    return rng.choice(KEYS[kind])


def as_written(_: Random, value: Value) -> Scalar:
    """The text as subject.yaml has it."""
    return value.text


def _imei_cut(text: str, separator: str) -> str:
    return separator.join((text[:2], text[2:8], text[8:14], text[14])) if len(text) == 15 else text


def _imei_old(text: str, separator: str) -> str:
    return separator.join((text[:6], text[6:8], text[8:14], text[14]))


def imei_separated(separator: str) -> Maker:
    """TAC, FAC, serial and check digit apart, in the new cut (2-6-6-1) or the old (6-2-6-1)."""
    return lambda rng, value: rng.choice((_imei_cut, _imei_old))(value.text, separator)


def imeisv(rng: Random, value: Value) -> Scalar:
    """Fourteen digits and two of the software version in place of the check digit."""
    return value.text[:14] + digits(rng, 2)


def phone_zero(rng: Random, value: Value) -> Scalar | None:
    """National with the trunk prefix 0; None where the country has none."""
    plan = phones.plan_of(value.text)
    return plan.trunk + phones.national(value.text) if plan.trunk else None


def phone_grouped(separator: str) -> Maker:
    """In the country's groups: international, or national as people there write it."""

    def write(rng: Random, value: Value) -> Scalar:
        plan, groups = phones.plan_of(value.text), phones.grouped(value.text, separator)
        if rng.random() < 0.5:
            return f"+{plan.code}{separator}{groups}"
        return plan.trunk + groups

    return write


def mac(separator: str) -> Maker:
    """Twelve hex digits with a separator, in either case."""

    def write(rng: Random, value: Value) -> Scalar:
        text = value.text.replace(":", separator)
        return text.upper() if rng.random() < 0.5 else text.lower()

    return write


def mac_raw(_: Random, value: Value) -> Scalar:
    """Six bytes."""
    return bytes.fromhex(value.text.replace(":", ""))


def mac_int(_: Random, value: Value) -> Scalar:
    """The address as an integer of 48 bits, as gateways' databases keep it."""
    return int(value.text.replace(":", ""), 16)


def uuid_bare(rng: Random, value: Value) -> Scalar:
    """Thirty-two hex digits in either case."""
    text = value.text.replace("-", "")
    return text.upper() if rng.random() < 0.3 else text


def uuid_raw(_: Random, value: Value) -> Scalar:
    """Sixteen bytes in network order."""
    return bytes.fromhex(value.text.replace("-", ""))


def upper(_: Random, value: Value) -> Scalar:
    """In capitals."""
    return value.text.upper()


def lower(_: Random, value: Value) -> Scalar:
    """In small letters."""
    return value.text.lower()


def hex_raw(_: Random, value: Value) -> Scalar:
    """The bytes that the hex digits stand for."""
    return bytes.fromhex(value.text)


def hex_int(rng: Random, value: Value) -> Scalar:
    """The hex digits as an integer: unsigned, or signed as a Java long prints it."""
    number = int(value.text, 16)
    return number - (1 << 64) if number >> 63 and rng.random() < 0.25 else number


def local_part(_: Random, value: Value) -> Scalar:
    """What stands before the @, as written or in small letters."""
    return value.text.partition("@")[0].lower()


def text_part(rng: Random, value: Value) -> Scalar:
    """A contiguous part of 60 to 90 % of the text, by characters and by UTF-8 bytes; previews cut the end."""
    size = len(value.text)
    length = max(20, int(size * rng.uniform(0.6, 0.9)))
    start = 0 if rng.random() < 0.6 else rng.randrange(size - length + 1)
    part = value.text[start : start + length].strip()
    return part if len(part.encode()) * 2 >= len(value.text.encode()) + 2 else value.text[:length].strip()


def quoted(_: Random, value: Value) -> Scalar:
    """In quotation marks, as Android's WifiInfo gives it."""
    return f'"{value.text}"'


def coordinates(value: Value) -> tuple[float, float]:
    """Latitude and longitude in degrees."""
    latitude, longitude = value.text.split(",")
    return float(latitude), float(longitude)


def location_places(places: int) -> Maker:
    """Both coordinates in one text, rounded to some decimal places."""

    def write(rng: Random, value: Value) -> Scalar:
        latitude, longitude = (f"{degree:.{places}f}" for degree in coordinates(value))
        return latitude + rng.choice((",", ", ", ";", " ")) + longitude

    return write


def location_apart(rng: Random, value: Value) -> Fields:
    """Each coordinate under a key of its own, rounded to 4 to 6 places."""
    places, keys = rng.choice((4, 5, 6)), rng.choice(LOCATION_KEYS)
    latitude, longitude = coordinates(value)
    return ((keys[0], f"{latitude:.{places}f}"), (keys[1], f"{longitude:.{places}f}"))


def location_scaled(exponent: int) -> Maker:
    """Integers of 10^-6 or 10^-7 degrees, each under a key of its own."""

    def write(rng: Random, value: Value) -> Fields:
        keys = rng.choice((("latE%d", "lonE%d"), ("latitudeE%d", "longitudeE%d"), ("lat", "lng")))
        names = [key % exponent if "%" in key else key for key in keys]
        latitude, longitude = (round(degree * 10**exponent) for degree in coordinates(value))
        return ((names[0], latitude), (names[1], longitude))

    return write


def location_packed(code: str) -> Maker:
    """Both coordinates as bytes (`struct` codes `>d`, `<d`, `>f`, `<f`), one after the other."""
    return lambda rng, value: struct.pack(f"{code[0]}2{code[1]}", *coordinates(value))


FORMS: dict[str, tuple[tuple[str, ...], Maker]] = {
    "imei/plain": (("imei",), as_written),
    "imei/14": (("imei",), lambda rng, value: value.text[:14]),
    "imei/imeisv": (("imei",), imeisv),
    "imei/dashed": (("imei",), imei_separated("-")),
    "imei/spaced": (("imei",), imei_separated(" ")),
    "meid/plain": (
        ("meid",),
        lambda rng, value: value.text.upper() if rng.random() < 0.5 else value.text.lower(),
    ),
    "imsi/plain": (("imsi",), as_written),
    "iccid/plain": (("iccid",), as_written),
    "phone/e164": (PHONES, as_written),
    "phone/no-plus": (PHONES, lambda rng, value: value.text[1:]),
    "phone/national": (PHONES, lambda rng, value: phones.national(value.text)),
    "phone/0": (PHONES, phone_zero),
    "phone/00": (PHONES, lambda rng, value: "00" + value.text[1:]),
    "phone/spaced": (PHONES, phone_grouped(" ")),
    "phone/dashed": (PHONES, phone_grouped("-")),
    "mac/colons": (MACS, mac(":")),
    "mac/dashes": (MACS, mac("-")),
    "mac/bare": (MACS, mac("")),
    "mac/raw": (MACS, mac_raw),
    "mac/int": (MACS, mac_int),
    "uuid/dashes": (UUIDS, as_written),
    "uuid/upper": (UUIDS, upper),
    "uuid/bare": (UUIDS, uuid_bare),
    "uuid/raw": (UUIDS, uuid_raw),
    "android-id/plain": (("android_id",), as_written),
    "android-id/upper": (("android_id",), upper),
    "android-id/raw": (("android_id",), hex_raw),
    "android-id/int": (("android_id",), hex_int),
    "serial/plain": (("serial_number",), as_written),
    "email/plain": (EMAILS, as_written),
    "email/lower": (("email",), lower),
    "email/local-part": (EMAILS, local_part),
    "account/plain": (("account_id", "username", "identifier"), as_written),
    "push-token/plain": (("push_token",), as_written),
    "name/plain": (NAMES, as_written),
    "device/plain": (("device_name", "device_model"), as_written),
    "app/plain": (("installed_app",), as_written),
    "text/whole": (TEXTS, as_written),
    "text/part": (TEXTS, text_part),
    "ssid/plain": (("ssid",), as_written),
    "ssid/quoted": (("ssid",), quoted),
    "location/4-places": (("location",), location_places(4)),
    "location/5-places": (("location",), location_places(5)),
    "location/6-places": (("location",), location_places(6)),
    "location/apart": (("location",), location_apart),
    "location/e6": (("location",), location_scaled(6)),
    "location/e7": (("location",), location_scaled(7)),
    "location/double-be": (("location",), location_packed(">d")),
    "location/double-le": (("location",), location_packed("<d")),
    "location/float-be": (("location",), location_packed(">f")),
    "location/float-le": (("location",), location_packed("<f")),
    "carrier/telling-key": (("carrier_name",), as_written),
}

ORDINARY = (
    "imei/plain",
    "imei/plain",
    "imsi/plain",
    "iccid/plain",
    "phone/e164",
    "phone/e164",
    "phone/no-plus",
    "mac/colons",
    "mac/bare",
    "uuid/dashes",
    "uuid/dashes",
    "android-id/plain",
    "android-id/plain",
    "serial/plain",
    "email/plain",
    "email/lower",
    "account/plain",
    "push-token/plain",
    "text/whole",
    "app/plain",
    "location/6-places",
    "ssid/plain",
    "name/plain",
    "meid/plain",
)
"""The forms that every layer, container and transport is tried with, as often as they are usual."""


def write(rng: Random, form: str, values: tuple[Value, ...]) -> Written:
    """Some value of a type that has the form, in the form."""
    kinds, make = FORMS[form]
    able = [value for value in values if value.type in kinds]
    while True:
        value = rng.choice(able)
        made = make(rng, value)
        if made is None:
            able.remove(value)
            continue
        fields = made if isinstance(made, tuple) else ((key_of(rng, value.type), made),)
        return Written(value_id=value.id, type=value.type, form=form, fields=fields)
