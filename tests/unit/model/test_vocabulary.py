import pytest

from phonehome.model.subject import DataType
from phonehome.model.vocabulary import VOCABULARY

# Of the terms of DPV's extension for personal data, version 2.0, those that a handset's values can be.
DPV_TERMS = (
    "Behavioral CallLog Communication CommunicationsMetadata Contact DeviceApplications DeviceBased "
    "DeviceOperatingSystem DeviceSoftware EmailAddress GPSCoordinate IPAddress Identifier Identifying Location "
    "MACAddress Name PersonalDocuments Picture ServiceConsumptionBehavior SocialNetwork TelephoneNumber Tracking "
    "UID UserAgent Username"
)
PLAY_TYPES = {
    "Location": {"Approximate location", "Precise location"},
    "Personal info": {"Name", "Email address", "User IDs", "Address", "Phone number", "Other info"},
    "Messages": {"Emails", "SMS or MMS", "Other in-app messages"},
    "Photos and videos": {"Photos", "Videos"},
    "Files and docs": {"Files and docs"},
    "Calendar": {"Calendar events"},
    "Contacts": {"Contacts"},
    "App activity": {
        "App interactions",
        "In-app search history",
        "Installed apps",
        "Other user-generated content",
        "Other actions",
    },
    "App info and performance": {"Crash logs", "Diagnostics", "Other app performance data"},
    "Device or other IDs": {"Device or other IDs"},
}


def test_every_data_type_is_mapped() -> None:
    assert set(VOCABULARY) == set(DataType)


@pytest.mark.parametrize("data_type", DataType)
def test_terms_exist_in_both_vocabularies(data_type: DataType) -> None:
    terms = VOCABULARY[data_type]

    assert terms.dpv.startswith("dpv-pd:")
    assert terms.dpv.removeprefix("dpv-pd:") in DPV_TERMS.split()
    assert terms.play_type in PLAY_TYPES[terms.play_category]


def test_a_term_expands_to_its_iri() -> None:
    assert VOCABULARY[DataType.PHONE_NUMBER].dpv_iri == "https://w3id.org/dpv/pd#TelephoneNumber"
