"""The commented subject file that a user starts from: every data type with an example, commented out."""

from dataclasses import dataclass

from phonehome.case.subject import FILE_TYPES, SCHEMA
from phonehome.model.subject import DataType


@dataclass(frozen=True, slots=True)
class Example:
    """An invented value of one type, and where on a handset a real one is found."""

    id: str
    value: str
    where: str


# Numbers reserved for fiction, documentation addresses (RFC 5737, RFC 7042) and the IMEI of every textbook.
EXAMPLES: dict[DataType, Example] = {
    DataType.IMEI: Example("imei-1", "490154203237518", "dial *#06#; a second SIM slot has its own"),
    DataType.MEID: Example("meid", "A10000009296F2", "dial *#06#, on CDMA handsets"),
    DataType.IMSI: Example("imsi-1", "001010123456789", "of the SIM; shown by diagnosis apps"),
    DataType.ICCID: Example(
        "iccid-1", "8991101200003204514", "printed on the SIM; Settings > About > SIM status"
    ),
    DataType.PHONE_NUMBER: Example("phone-1", "+12025550101", "the handset's own number"),
    DataType.CARRIER_NAME: Example("carrier", "Example Telecom", "as the status bar shows it"),
    DataType.SERIAL_NUMBER: Example("serial", "R58M00EXAMPLE", "Settings > About > Status; adb get-serialno"),
    DataType.WIFI_MAC: Example(
        "wifi-mac", "00:00:5e:00:53:01", "Settings > About > Status (not the random one)"
    ),
    DataType.BLUETOOTH_MAC: Example("bt-mac", "00:00:5e:00:53:02", "Settings > About > Status"),
    DataType.ANDROID_ID: Example(
        "android-id", "a1b2c3d4e5f60718", "adb shell settings get secure android_id; one per app"
    ),
    DataType.ADVERTISING_ID: Example(
        "gaid", "6f1d2c3b-4a59-4687-9a0b-1c2d3e4f5a6b", "Settings > Google > Ads, or the vendor's own (OAID)"
    ),
    DataType.VENDOR_ID: Example(
        "vendor-id", "0d9e8f70-1a2b-4c3d-8e4f-5a6b7c8d9e0f", "identifierForVendor, or a maker's id"
    ),
    DataType.PUSH_TOKEN: Example(
        "push-token", "fExampleToken:APA91bExampleExampleExample", "from the app's log"
    ),
    DataType.DRM_ID: Example(
        "drm-id", "3b6f0a9d5c8e7f1a2b4c6d8e0f1a3c5e", "Widevine device id; shown by diagnosis apps"
    ),
    DataType.ACCOUNT_ID: Example("account-id", "10987654321", "the number of the vendor's cloud account"),
    DataType.EMAIL: Example(
        "email", "asha.verma@example.org", "of the account that the handset is logged in to"
    ),
    DataType.USERNAME: Example("username", "asha_verma_1987", "of that account, or of an app"),
    DataType.PERSON_NAME: Example("owner-name", "Asha Verma-Lindqvist", "of the account"),
    DataType.DEVICE_NAME: Example("device-name", "Asha's test phone", "Settings > About > Device name"),
    DataType.DEVICE_MODEL: Example(
        "model", "Example Phone 5 Pro", "Settings > About; never identifies one handset"
    ),
    DataType.IP_ADDRESS: Example("ip", "203.0.113.7", "the address of the network that it was tested in"),
    DataType.CELL_ID: Example("cell", "001-01-4660-22136", "MCC-MNC-LAC-CID; shown by diagnosis apps"),
    DataType.CONTACT_NAME: Example(
        "contact-1-name", "Bartholomew Quillfeather", "plant a name that nobody has"
    ),
    DataType.CONTACT_PHONE_NUMBER: Example("contact-1", "+12025550143", "plant one that nobody has"),
    DataType.CONTACT_EMAIL: Example("contact-1-email", "b.quillfeather@example.net", "of a planted contact"),
    DataType.SMS_TEXT: Example(
        "sms-1", "The heron lands at seven, bring the copper kettle", "of a planted message"
    ),
    DataType.SMS_PHONE_NUMBER: Example("sms-1-sender", "+447700900123", "who sent it, or to whom it went"),
    DataType.CALL_PHONE_NUMBER: Example("call-1", "+447700900456", "of a call that was made or missed"),
    DataType.CALENDAR_ENTRY: Example(
        "event-1", "Dentist in Quillfeather Lane", "the title of a planted entry"
    ),
    DataType.LOCATION: Example("home", "28.613900,77.209000", "latitude,longitude, as exact as known"),
    DataType.SSID: Example(
        "ssid", "heron-copper-kettle", "of the network that it was tested in, without quotes"
    ),
    DataType.BSSID: Example("bssid", "00:00:5e:00:53:03", "the access point's address"),
    DataType.PHOTO: Example("photo-1", "photo.jpg", "a planted photo, as a file beside this one"),
    DataType.FILE: Example("file-1", "letter.pdf", "a planted file, likewise"),
    DataType.CLIPBOARD: Example(
        "clipboard-1", "heron kettle seven copper", "a text that was copied during the test"
    ),
    DataType.INSTALLED_APP: Example(
        "app-1", "org.example.quillfeather", "a package name that few phones have"
    ),
    DataType.APP_USAGE: Example("usage-1", "org.example.quillfeather/.Diary", "an activity that was opened"),
    DataType.IDENTIFIER: Example("other-id", "QF-0042-7719-ACDE", "any other opaque identifier"),
    DataType.TEXT: Example("note-1", "a herd of paper giraffes", "any other text"),
}

_HEAD = f"""\
# A handset and the values known of it: what `phonehome audit --subject` searches a recording for.
# Take away the '#' before the lines that you need, and put in what the handset shows. Keep the quotes:
# without them YAML reads a number and drops its leading zeros. Then run: phonehome subject check FILE
#
# These are personal data. Reports show a value's id in its place; this file holds the value itself, so keep
# it safe.
schema: {SCHEMA}

# name: "Test phone, unit 3"
# handset: {{make: "Example", model: "Phone 5 Pro", build: "1.2.3"}}
# region: "IN"        # how phone numbers without a country code are read (ISO 3166)

# Each value: a unique id (a-z, 0-9, '-'), its type and the value; a type may come more than once.
#   origin: planted   for what was put on the handset for the test (default: read, for what it has of itself)
#   since: 2026-03-01 the day from which the handset had it
values:
"""


def template() -> str:
    """Write the subject file to start from; valid as it is, with no value in it."""
    lines = []
    for data_type in DataType:
        example = EXAMPLES[data_type]
        key = "file" if data_type in FILE_TYPES else "value"
        planted = ", origin: planted" if "plant" in example.where else ""
        lines.append(f"  # {example.where}")
        lines.append(f'  # - {{id: {example.id}, type: {data_type}, {key}: "{example.value}"{planted}}}')
    return _HEAD + "\n".join(lines) + "\n"
