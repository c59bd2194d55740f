"""The ways in which a value of each data type is written."""

from collections.abc import Iterator
from typing import assert_never

from phonehome.detect.forms.base import MIN_PATTERN, Boundary, Form, Half
from phonehome.detect.forms.equipment import (
    android_id_forms,
    iccid_forms,
    imei_forms,
    imsi_forms,
    mac_forms,
    meid_forms,
    opaque_forms,
)
from phonehome.detect.forms.person import (
    address_forms,
    email_forms,
    file_forms,
    long_text_forms,
    name_forms,
    phone_forms,
    short_text_forms,
    ssid_forms,
)
from phonehome.detect.forms.place import location_forms
from phonehome.model.subject import DataType, KnownValue

__all__ = ["Boundary", "Form", "Half", "written_forms"]


def written_forms(value: KnownValue, region: str | None) -> list[Form]:
    """Every form of a known value, the usual one first; empty if it has none that can be searched for."""
    if value.content is not None:
        return list(file_forms(value.type.value, value.content))
    seen: set[tuple[str, bytes]] = set()
    forms = []
    for form in _iter_forms(value, region):
        key = (form.name.partition("/")[0] if not form.half else form.half.value, form.pattern)
        if form.hashed and not form.pattern:
            forms.append(form)
        elif len(form.pattern) >= (2 if form.half else MIN_PATTERN) and key not in seen:
            seen.add(key)
            forms.append(form)
    return forms


def _iter_forms(value: KnownValue, region: str | None) -> Iterator[Form]:
    name, text = value.type.value, value.value
    match value.type:
        case DataType.IMEI:
            return imei_forms(name, text)
        case DataType.MEID:
            return meid_forms(name, text)
        case DataType.IMSI:
            return imsi_forms(name, text)
        case DataType.ICCID:
            return iccid_forms(name, text)
        case (
            DataType.PHONE_NUMBER
            | DataType.CONTACT_PHONE_NUMBER
            | DataType.SMS_PHONE_NUMBER
            | DataType.CALL_PHONE_NUMBER
        ):
            return phone_forms(name, text, region)
        case DataType.WIFI_MAC | DataType.BLUETOOTH_MAC | DataType.BSSID:
            return mac_forms(name, text)
        case DataType.ANDROID_ID:
            return android_id_forms(name, text)
        case DataType.EMAIL | DataType.CONTACT_EMAIL:
            return email_forms(name, text)
        case DataType.PERSON_NAME | DataType.CONTACT_NAME:
            return name_forms(name, text)
        case (
            DataType.SMS_TEXT
            | DataType.CALENDAR_ENTRY
            | DataType.CLIPBOARD
            | DataType.TEXT
            | DataType.APP_USAGE
            | DataType.PHOTO
            | DataType.FILE
        ):
            return long_text_forms(name, text)
        case DataType.LOCATION:
            return location_forms(name, text)
        case DataType.CARRIER_NAME:
            return short_text_forms(name, text, Boundary.WORD, needs_context=True)
        case DataType.SSID:
            return ssid_forms(name, text)
        case DataType.USERNAME:
            return short_text_forms(name, text, Boundary.USERNAME)
        case DataType.DEVICE_NAME | DataType.DEVICE_MODEL:
            return short_text_forms(name, text, Boundary.WORD)
        case DataType.INSTALLED_APP:
            return short_text_forms(name, text, Boundary.PACKAGE)
        case DataType.IP_ADDRESS:
            return address_forms(name, text)
        case (
            DataType.SERIAL_NUMBER
            | DataType.ADVERTISING_ID
            | DataType.VENDOR_ID
            | DataType.PUSH_TOKEN
            | DataType.DRM_ID
            | DataType.ACCOUNT_ID
            | DataType.CELL_ID
            | DataType.IDENTIFIER
        ):
            return opaque_forms(name, text)
        case _:
            assert_never(value.type)
