"""What is on the handset at a moment: the values that are in play, its conditions, its consents."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from phonehome.lab.handset.build import ANY_STEP, Behaviour
from phonehome.model.session import Consent
from phonehome.model.subject import DataType, KnownValue, Subject

_SIM = (DataType.IMSI, DataType.ICCID, DataType.PHONE_NUMBER, DataType.CARRIER_NAME, DataType.CELL_ID)
_WIFI = (DataType.SSID, DataType.BSSID)
_CONTACT = (DataType.CONTACT_NAME, DataType.CONTACT_PHONE_NUMBER, DataType.CONTACT_EMAIL)
_SMS = (DataType.SMS_TEXT, DataType.SMS_PHONE_NUMBER)
GIVEN_BY: Mapping[str, tuple[DataType, ...]] = {
    "insert-sim": _SIM,
    "join-wifi": _WIFI,
    "allow-location": (DataType.LOCATION,),
    "add-contact": _CONTACT,
    "send-sms": _SMS,
    "receive-sms": _SMS,
    "send-mms": (*_SMS, DataType.PHOTO),
    "receive-mms": (*_SMS, DataType.PHOTO),
    "take-photo": (DataType.PHOTO,),
    "make-call": (DataType.CALL_PHONE_NUMBER,),
    "receive-call": (DataType.CALL_PHONE_NUMBER,),
    "add-event": (DataType.CALENDAR_ENTRY,),
    "log-in": (DataType.ACCOUNT_ID, DataType.USERNAME, DataType.EMAIL, DataType.PERSON_NAME),
}
"""What a step of the protocols brings onto the handset; all else is there from the start."""


@dataclass(slots=True, kw_only=True)
class HandsetState:
    """A handset in one session.

    Attributes:
        subject: All that is known of it.
        conditions: Of the session: `network`, `account`, `service.NAME`…
        consents: What the user says, and when.
        values: What is in play now: the first value of each type.
    """

    subject: Subject
    conditions: Mapping[str, str]
    consents: tuple[Consent, ...] = ()
    values: dict[DataType, KnownValue] = field(default_factory=dict)

    @classmethod
    def begin(
        cls,
        subject: Subject,
        conditions: Mapping[str, str],
        consents: Iterable[Consent],
        steps: Iterable[str],
    ) -> "HandsetState":
        """Set a handset up for a session: what none of the session's steps brings is there already."""
        later = {kind for step in steps for kind in GIVEN_BY.get(step, ())}
        state = cls(subject=subject, conditions=conditions, consents=tuple(consents))
        state._bring(value for value in subject.values if value.type not in later)
        return state

    def take(self, step: str) -> None:
        """Take a step of a protocol."""
        kinds = GIVEN_BY.get(step, ())
        self._bring(value for value in self.subject.values if value.type in kinds)

    def does(self, behaviour: Behaviour, step: str) -> bool:
        """Say whether a behaviour happens at a step under these conditions, chance left aside."""
        if not {step, ANY_STEP} & set(behaviour.on):
            return False
        return all(self.conditions.get(name) in allowed for name, allowed in behaviour.when.items())

    @property
    def network(self) -> str:
        """The network that carries its traffic: Wi-Fi, where the session does not say."""
        return self.conditions.get("network", "wifi")

    def consent(self, service: str | None, now: datetime) -> str | None:
        """Give what the user has said of a service; None where nobody spoke of it."""
        said = [one for one in self.consents if one.service == service and one.at <= now]
        return str(said[-1].state) if said else None

    def _bring(self, values: Iterable[KnownValue]) -> None:
        for value in values:
            self.values.setdefault(value.type, value)
