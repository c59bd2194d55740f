"""What a known value must look like, type by type, before it is searched for.

A shape that cannot be what it says is an error, because searching for it would give a false "not seen"; an
oddity that real handsets ship (an IMEI whose check digit is wrong) is a warning. No text repeats a value.
"""

import ipaddress
import re
import uuid
from collections.abc import Callable

import phonenumbers

from phonehome.model.subject import DataType

Warnings = list[str]
_Check = Callable[[str, str | None], Warnings]
_SEPARATORS = str.maketrans("", "", " -/.")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
# What Android gives to apps since version 6 in place of the true address.
_MAC_PLACEHOLDERS = {"020000000000", "000000000000", "ffffffffffff"}
# One value that a maker's bug of 2010 put on millions of handsets (Android issue 10603).
_SHARED_ANDROID_ID = "9774d56d682e549c"
_SSID_MAX_BYTES = 32  # IEEE 802.11, 9.4.2.2


class BadValue(ValueError):  # noqa: N818  read as a sentence: raise BadValue("an IMEI has …")
    """A value that cannot be what its type says; the text says what the type looks like."""


def check_value(data_type: DataType, value: str, region: str | None) -> Warnings:
    """Look at the shape of one value.

    Returns:
        What is odd about it, as sentences without the value.

    Raises:
        BadValue: It cannot be a value of this type.
    """
    check = _CHECKS.get(data_type)
    warnings = check(value, region) if check is not None else []
    if value != value.strip():
        warnings.append("it begins or ends with white space, which is searched for too")
    return warnings


def _digits(value: str, what: str, lengths: range) -> str:
    digits = value.translate(_SEPARATORS)
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in lengths:
        kind = (
            f"{len(digits)} digits"
            if digits.isdigit()
            else f"{len(digits)} characters, not all of them digits"
        )
        raise BadValue(f"{what}, and this has {kind}; correct it, or use the type `identifier` if it is none")
    return digits


def luhn_ok(digits: str) -> bool:
    """Tell whether the last digit is right by ISO/IEC 7812-1 annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + place % 2)
        total += number // 10 + number % 10
    return total % 10 == 0


def _imei(value: str, _region: str | None) -> Warnings:
    digits = _digits(value, "an IMEI has 15 digits (14 without its check digit, 16 as IMEISV)", range(14, 17))
    if len(digits) == 15 and not luhn_ok(digits):
        return ["the check digit of this IMEI is wrong; some handsets ship such, but compare it with *#06#"]
    return []


def _meid(value: str, _region: str | None) -> Warnings:
    text = value.translate(_SEPARATORS)
    if not re.fullmatch(r"[0-9A-Fa-f]{14,15}|[0-9]{18}", text, re.ASCII):
        raise BadValue("a MEID has 14 hex digits (15 with its check digit) or 18 decimal ones")
    return []


def _imsi(value: str, _region: str | None) -> Warnings:
    digits = _digits(value, "an IMSI has at most 15 digits, and hardly ever less than 14", range(6, 16))
    if len(digits) < 14:
        return [f"an IMSI has 14 or 15 digits nearly everywhere, and this has {len(digits)}"]
    return []


def _iccid(value: str, _region: str | None) -> Warnings:
    text = value.translate(_SEPARATORS).rstrip("Ff")  # ten TBCD bytes are filled up with F
    digits = _digits(text, "an ICCID has 18 to 20 digits", range(18, 21))
    warnings = []
    if not digits.startswith("89"):
        warnings.append("an ICCID begins with 89 (ITU-T E.118), and this does not")
    if len(digits) > 18 and not luhn_ok(digits):
        warnings.append("the check digit of this ICCID is wrong; compare it with the card")
    return warnings


def _phone_number(value: str, region: str | None) -> Warnings:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException as error:
        if (
            error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE
            and not value.startswith("+")
        ):
            hint = "write it with + and the country code, or say `region:` at the top of the file"
            raise BadValue(
                f"a phone number without its country code can be read only with a region; {hint}"
            ) from error
        raise BadValue("this reads as no phone number; write it as +<country code><number>") from error
    if not phonenumbers.is_possible_number(number):
        return ["no number of that country has this length"]
    return []


def _message_party(value: str, region: str | None) -> Warnings:
    """Senders of messages and calls may be short codes or names, so nothing here is an error."""
    try:
        return _phone_number(value, region)
    except BadValue:
        return ["this reads as no phone number, so it is searched for only as it is written"]


def _mac(value: str, _region: str | None) -> Warnings:
    text = re.sub(r"[:\-. ]", "", value).lower()
    if not re.fullmatch(r"[0-9a-f]{12}", text):
        raise BadValue("a MAC address has 12 hex digits, as in 00:00:5e:00:53:01")
    if text in _MAC_PLACEHOLDERS:
        return ["this is the placeholder that Android gives to apps, not an address; read it in the settings"]
    return []


def _android_id(value: str, _region: str | None) -> Warnings:
    if not re.fullmatch(r"[0-9A-Fa-f]{1,16}", value.strip()):
        raise BadValue("an Android ID has 16 hex digits")
    if value.strip().lower() == _SHARED_ANDROID_ID:
        return ["millions of handsets share this Android ID because of an old fault, so it identifies none"]
    if len(value.strip()) < 16:
        return ["an Android ID has 16 hex digits; a shorter one has lost its leading zeros"]
    return []


def _uuid(value: str, _region: str | None) -> Warnings:
    try:
        parsed = uuid.UUID(value.strip())
    except ValueError:
        return [
            "most of these are UUIDs (8-4-4-4-12 hex digits), and this is not; it is searched for as text"
        ]
    if parsed.int == 0:
        return ["all zeros stand for an advertising ID that was switched off, so it identifies nobody"]
    return []


def _email(value: str, _region: str | None) -> Warnings:
    if not _EMAIL.fullmatch(value.strip()):
        raise BadValue("an e-mail address is name@domain, without spaces")
    return []


def _location(value: str, _region: str | None) -> Warnings:
    parts = value.split(",")
    try:
        latitude, longitude = (float(part) for part in parts)
    except ValueError as error:
        raise BadValue(
            'a location is "latitude,longitude" in decimal degrees, as in "28.613900,77.209000"'
        ) from error
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise BadValue(
            "latitude goes from -90 to 90 and longitude from -180 to 180; are they the other way round?"
        )
    if latitude == longitude == 0:
        return ["0,0 is what apps send when they know no place"]
    return []


def _ip_address(value: str, _region: str | None) -> Warnings:
    try:
        address = ipaddress.ip_address(value.strip())
    except ValueError as error:
        raise BadValue("an IP address is written as 203.0.113.7 or 2001:db8::7") from error
    if not address.is_global:
        return ["this address is private or reserved, so many handsets have the same"]
    return []


def _ssid(value: str, _region: str | None) -> Warnings:
    warnings = []
    if len(value.encode()) > _SSID_MAX_BYTES:
        warnings.append(f"an SSID has at most {_SSID_MAX_BYTES} bytes, and this has more")
    if len(value) > 2 and value[0] == value[-1] == '"':
        warnings.append("quotes around an SSID are Android's, not the network's; leave them out")
    return warnings


_CHECKS: dict[DataType, _Check] = {
    DataType.IMEI: _imei,
    DataType.MEID: _meid,
    DataType.IMSI: _imsi,
    DataType.ICCID: _iccid,
    DataType.PHONE_NUMBER: _phone_number,
    DataType.CONTACT_PHONE_NUMBER: _phone_number,
    DataType.SMS_PHONE_NUMBER: _message_party,
    DataType.CALL_PHONE_NUMBER: _message_party,
    DataType.WIFI_MAC: _mac,
    DataType.BLUETOOTH_MAC: _mac,
    DataType.BSSID: _mac,
    DataType.ANDROID_ID: _android_id,
    DataType.ADVERTISING_ID: _uuid,
    DataType.VENDOR_ID: _uuid,
    DataType.EMAIL: _email,
    DataType.CONTACT_EMAIL: _email,
    DataType.LOCATION: _location,
    DataType.IP_ADDRESS: _ip_address,
    DataType.SSID: _ssid,
}
