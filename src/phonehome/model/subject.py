"""A handset and all the values known of it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path


class DataType(StrEnum):
    """What a value is; `vocabulary` maps each to W3C DPV and Google Play data-safety categories."""

    IMEI = "imei"
    MEID = "meid"
    IMSI = "imsi"
    ICCID = "iccid"
    PHONE_NUMBER = "phone_number"
    CARRIER_NAME = "carrier_name"
    SERIAL_NUMBER = "serial_number"
    WIFI_MAC = "wifi_mac"
    BLUETOOTH_MAC = "bluetooth_mac"
    ANDROID_ID = "android_id"
    ADVERTISING_ID = "advertising_id"
    VENDOR_ID = "vendor_id"
    PUSH_TOKEN = "push_token"  # noqa: S105  a data type, not a secret
    DRM_ID = "drm_id"
    ACCOUNT_ID = "account_id"
    EMAIL = "email"
    USERNAME = "username"
    PERSON_NAME = "person_name"
    DEVICE_NAME = "device_name"
    DEVICE_MODEL = "device_model"
    IP_ADDRESS = "ip_address"
    CELL_ID = "cell_id"
    CONTACT_NAME = "contact_name"
    CONTACT_PHONE_NUMBER = "contact_phone_number"
    CONTACT_EMAIL = "contact_email"
    SMS_TEXT = "sms_text"
    SMS_PHONE_NUMBER = "sms_phone_number"
    CALL_PHONE_NUMBER = "call_phone_number"
    CALENDAR_ENTRY = "calendar_entry"
    LOCATION = "location"
    SSID = "ssid"
    BSSID = "bssid"
    PHOTO = "photo"
    FILE = "file"
    CLIPBOARD = "clipboard"
    INSTALLED_APP = "installed_app"
    APP_USAGE = "app_usage"
    IDENTIFIER = "identifier"
    TEXT = "text"


class Origin(StrEnum):
    """How a value came to be known: read off the handset, or planted on it."""

    READ = "read"
    PLANTED = "planted"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownValue:
    """One value known of a subject.

    `value` is the text as written; for a value kept in a file it is empty and `content` holds the bytes.
    `since` is the first day on which the value existed.
    """

    id: str
    type: DataType
    value: str
    content: bytes | None = None
    origin: Origin = Origin.READ
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Handset:
    """The device under test."""

    make: str | None = None
    model: str | None = None
    build: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A handset and the values known of it; `region` (ISO 3166 alpha-2) is how national numbers are read."""

    name: str | None = None
    handset: Handset | None = None
    region: str | None = None
    values: tuple[KnownValue, ...] = ()
    source: Path | None = None
