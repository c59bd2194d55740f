"""What it means that data of a type left: for the recipient, and for whoever is on the way."""

from collections.abc import Callable, Sequence

from phonehome.documents.advisory import ImpactDoc
from phonehome.model.subject import DataType
from phonehome.reports import words
from phonehome.reports.advisory.items import Item

_T = DataType
GROUPS: tuple[tuple[frozenset[DataType], str], ...] = (
    (
        frozenset({_T.IMEI, _T.MEID, _T.SERIAL_NUMBER, _T.WIFI_MAC, _T.BLUETOOTH_MAC, _T.DRM_ID}),
        "It stays with the handset for its life, through resets and new owners: whoever collects it "
        "recognises this handset "
        "again, and can join what different services know of it.",
    ),
    (
        frozenset({_T.IMSI, _T.ICCID, _T.PHONE_NUMBER}),
        "It names the subscriber to a network: with it a person can be called, looked up and found "
        "again in other records.",
    ),
    (
        frozenset({_T.CONTACT_NAME, _T.CONTACT_PHONE_NUMBER, _T.CONTACT_EMAIL}),
        "It is data of other people, whom nobody asked: collected from many handsets it shows who knows whom.",
    ),
    (
        frozenset({_T.SMS_PHONE_NUMBER, _T.CALL_PHONE_NUMBER}),
        "It shows with whom the user communicates, and the moment shows when.",
    ),
    (
        frozenset({_T.SMS_TEXT, _T.CALENDAR_ENTRY, _T.PHOTO, _T.FILE, _T.CLIPBOARD, _T.TEXT}),
        "It is content: what was written, planned, seen or copied, including one-time codes and what others sent in "
        "confidence.",
    ),
    (
        frozenset({_T.LOCATION, _T.CELL_ID, _T.BSSID, _T.SSID}),
        "It tells where the handset is; over time it tells home, workplace and habits.",
    ),
    (
        frozenset({_T.EMAIL, _T.USERNAME, _T.PERSON_NAME, _T.ACCOUNT_ID, _T.DEVICE_NAME}),
        "It names the person, or an account that does, and joins this handset to what is known of them elsewhere.",
    ),
    (
        frozenset(
            {_T.ADVERTISING_ID, _T.VENDOR_ID, _T.ANDROID_ID, _T.PUSH_TOKEN, _T.IDENTIFIER, _T.IP_ADDRESS}
        ),
        "It recognises the handset or an installation over time, until it is reset.",
    ),
    (
        frozenset({_T.INSTALLED_APP, _T.APP_USAGE}),
        "It shows which apps are used and when, and through them health, faith, politics or work.",
    ),
    (
        frozenset({_T.CARRIER_NAME, _T.DEVICE_MODEL}),
        "By itself it is shared by many; together with the rest it narrows down who this is.",
    ),
)
IN_CLEAR = (
    "It travelled in cleartext: not only the recipient, but every network on the way (the Wi-Fi "
    "hotspot, the provider, any "
    "transit) could read it and change it."
)
AGAINST_CONSENT = (
    "It was sent although the user had declined, or had withdrawn consent, by the record of the sessions."
)
NOT_ASKED = "It was sent before anybody had asked the user."


def describe_impact(items: Sequence[Item]) -> list[ImpactDoc]:
    """Give one sentence for each kind of data that left, then what the way and the consent add."""
    found = []
    for types, text in GROUPS:
        names = list(dict.fromkeys(item.data_type for item in items if item.data_type in types))
        if names:
            found.append(ImpactDoc(data_types=names, text=text))
    found += _added(items, IN_CLEAR, lambda item: "cleartext" in item.transports)
    found += _added(
        items, AGAINST_CONSENT, lambda item: bool(consent_states(item) & {"declined", "withdrawn"})
    )
    found += _added(items, NOT_ASKED, lambda item: "not_asked" in consent_states(item))
    return found


def _added(items: Sequence[Item], text: str, applies: Callable[[Item], bool]) -> list[ImpactDoc]:
    names = list(dict.fromkeys(item.data_type for item in items if applies(item)))
    return [ImpactDoc(data_types=names, text=text)] if names else []


def consent_states(item: Item) -> set[str]:
    """Give the states of consent that the flows of an item had."""
    return {flow.consent for flow, _ in item.flows if flow.consent is not None}


def title_words(items: Sequence[Item], limit: int) -> str:
    """Name the data types of the items, the worst first, at most `limit` of them."""
    names = list(dict.fromkeys(words.data_type(item.data_type) for item in items))
    return words.listing_at_most(names, limit, "more data type", "more data types")
