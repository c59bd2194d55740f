"""Data types in the words of others: W3C's Data Privacy Vocabulary and Google Play's data safety.

The DPV terms are those of its extension for personal data, version 2.0 (https://w3id.org/dpv/2.0/pd); where it
has no term of its own for a value, the nearest broader one stands. Google Play's names, a data type inside a
category, are those of its help page on the Data safety section
(https://support.google.com/googleplay/android-developer/answer/10787469). An app's own declaration can be held
against them.
"""

from dataclasses import dataclass

from phonehome.model.subject import DataType

DPV_NAMESPACE = "https://w3id.org/dpv/pd#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One data type in the words of others.

    Attributes:
        dpv: The DPV term with its prefix (`dpv-pd:TelephoneNumber`).
        play_category: Google Play's category (`Personal info`).
        play_type: Google Play's data type within it (`Phone number`).
    """

    dpv: str
    play_category: str
    play_type: str

    @property
    def dpv_iri(self) -> str:
        """The DPV term as an IRI."""
        return DPV_NAMESPACE + self.dpv.removeprefix("dpv-pd:")


def _terms(dpv: str, category: str, kind: str) -> Terms:
    return Terms(dpv=f"dpv-pd:{dpv}", play_category=category, play_type=kind)


_DEVICE = ("Device or other IDs", "Device or other IDs")
_PERSONAL = "Personal info"
_CONTACTS = ("Contacts", "Contacts")
_SMS = ("Messages", "SMS or MMS")
_APPROXIMATE = ("Location", "Approximate location")

VOCABULARY: dict[DataType, Terms] = {
    DataType.IMEI: _terms("UID", *_DEVICE),
    DataType.MEID: _terms("UID", *_DEVICE),
    DataType.IMSI: _terms("UID", *_DEVICE),
    DataType.ICCID: _terms("UID", *_DEVICE),
    DataType.PHONE_NUMBER: _terms("TelephoneNumber", _PERSONAL, "Phone number"),
    # Play has no data type for carrier or model; this one takes what describes device and network.
    DataType.CARRIER_NAME: _terms("DeviceBased", "App info and performance", "Other app performance data"),
    DataType.SERIAL_NUMBER: _terms("UID", *_DEVICE),
    DataType.WIFI_MAC: _terms("MACAddress", *_DEVICE),
    DataType.BLUETOOTH_MAC: _terms("MACAddress", *_DEVICE),
    DataType.ANDROID_ID: _terms("UID", *_DEVICE),
    DataType.ADVERTISING_ID: _terms("UID", *_DEVICE),
    DataType.VENDOR_ID: _terms("UID", *_DEVICE),
    DataType.PUSH_TOKEN: _terms("UID", *_DEVICE),
    DataType.DRM_ID: _terms("UID", *_DEVICE),
    # DPV's AccountIdentifier is a financial account; an account with a service is an identifier.
    DataType.ACCOUNT_ID: _terms("Identifier", _PERSONAL, "User IDs"),
    DataType.EMAIL: _terms("EmailAddress", _PERSONAL, "Email address"),
    DataType.USERNAME: _terms("Username", _PERSONAL, "User IDs"),
    DataType.PERSON_NAME: _terms("Name", _PERSONAL, "Name"),
    DataType.DEVICE_NAME: _terms("DeviceBased", *_DEVICE),
    DataType.DEVICE_MODEL: _terms("DeviceBased", "App info and performance", "Other app performance data"),
    DataType.IP_ADDRESS: _terms("IPAddress", *_DEVICE),
    DataType.CELL_ID: _terms("Location", *_APPROXIMATE),
    DataType.CONTACT_NAME: _terms("SocialNetwork", *_CONTACTS),
    DataType.CONTACT_PHONE_NUMBER: _terms("SocialNetwork", *_CONTACTS),
    DataType.CONTACT_EMAIL: _terms("SocialNetwork", *_CONTACTS),
    DataType.SMS_TEXT: _terms("Communication", *_SMS),
    # Play counts a message's sender and recipients among the message.
    DataType.SMS_PHONE_NUMBER: _terms("CommunicationsMetadata", *_SMS),
    # Play counts the call history among the contacts.
    DataType.CALL_PHONE_NUMBER: _terms("CallLog", *_CONTACTS),
    DataType.CALENDAR_ENTRY: _terms("Behavioral", "Calendar", "Calendar events"),
    DataType.LOCATION: _terms("GPSCoordinate", "Location", "Precise location"),
    DataType.SSID: _terms("Location", *_APPROXIMATE),
    # A base station's MAC address names a place to a few metres, by public databases.
    DataType.BSSID: _terms("Location", "Location", "Precise location"),
    DataType.PHOTO: _terms("Picture", "Photos and videos", "Photos"),
    DataType.FILE: _terms("PersonalDocuments", "Files and docs", "Files and docs"),
    DataType.CLIPBOARD: _terms("PersonalDocuments", "App activity", "Other user-generated content"),
    DataType.INSTALLED_APP: _terms("DeviceApplications", "App activity", "Installed apps"),
    DataType.APP_USAGE: _terms("ServiceConsumptionBehavior", "App activity", "App interactions"),
    DataType.IDENTIFIER: _terms("Identifier", *_DEVICE),
    DataType.TEXT: _terms("PersonalDocuments", "App activity", "Other user-generated content"),
}
"""Every data type; a test holds that none is missing."""
