"""How bad it is that data of a type travelled in such a way: data type × transport × direction × consent.

| data | in clear | over TLS or QUIC | unknown |
|---|---|---|---|
| content and people: messages, contacts, calls, calendar, photos, files, location | critical | high | critical |
| lasting identity: IMEI, MEID, IMSI, ICCID, numbers, addresses of hardware, names, accounts | high | medium | high |
| resettable or indirect: advertising id, push token, app list, network names | medium | low | medium |
| shared by many: carrier, model | low | low | low |

What a server sends back shows that it knows; it is one step less than the same data sent up. What was sent with consent
is one step less, what was sent against it (declined, withdrawn) one step more; where nobody was asked, or the states of
several services differ, the step stays. A weak finding is low.
"""

from enum import IntEnum

from phonehome.documents.base import ConsentSummary
from phonehome.model.exchange import Direction, Transport
from phonehome.model.subject import DataType


class Severity(IntEnum):
    """From low to critical; compares by weight."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2
    CRITICAL = 3

    @property
    def label(self) -> str:
        """The word in documents."""
        return self.name.lower()


_CONTENT = frozenset(
    {
        DataType.SMS_TEXT,
        DataType.SMS_PHONE_NUMBER,
        DataType.CALL_PHONE_NUMBER,
        DataType.CONTACT_NAME,
        DataType.CONTACT_PHONE_NUMBER,
        DataType.CONTACT_EMAIL,
        DataType.CALENDAR_ENTRY,
        DataType.LOCATION,
        DataType.PHOTO,
        DataType.FILE,
        DataType.CLIPBOARD,
        DataType.TEXT,
    }
)
_RESETTABLE = frozenset(
    {
        DataType.ADVERTISING_ID,
        DataType.VENDOR_ID,
        DataType.PUSH_TOKEN,
        DataType.IDENTIFIER,
        DataType.IP_ADDRESS,
        DataType.INSTALLED_APP,
        DataType.APP_USAGE,
        DataType.SSID,
        DataType.DEVICE_NAME,
    }
)
_SHARED = frozenset({DataType.CARRIER_NAME, DataType.DEVICE_MODEL})


def severity_of(
    data_type: DataType,
    transport: Transport | None,
    direction: Direction,
    *,
    weak: bool = False,
    consent: ConsentSummary | None = None,
) -> Severity:
    """The table above; an unknown transport counts as clear text, since silence is never clean."""
    if weak or data_type in _SHARED:
        return Severity.LOW
    if data_type in _CONTENT:
        step = Severity.CRITICAL.value
    elif data_type in _RESETTABLE:
        step = Severity.MEDIUM.value
    else:
        step = Severity.HIGH.value
    if transport in (Transport.TLS, Transport.QUIC):
        step -= 1
    if direction is Direction.DOWN:
        return Severity(max(step - 1, Severity.LOW))
    if consent == "granted":
        step -= 1
    elif consent in ("declined", "withdrawn"):
        step += 1
    return Severity(min(max(step, Severity.LOW), Severity.CRITICAL))
