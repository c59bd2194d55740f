"""What is on the handset follows from the steps that were taken."""

from datetime import UTC, datetime, timedelta

import pytest

from phonehome.lab.handset.build import Behaviour, ShortMessage
from phonehome.lab.handset.expressions import parse_template
from phonehome.lab.handset.state import HandsetState
from phonehome.model.session import Consent, ConsentState
from phonehome.model.subject import DataType, KnownValue, Subject

BEGIN = datetime(2014, 8, 7, 10, tzinfo=UTC)
SUBJECT = Subject(
    values=tuple(
        KnownValue(id=f"v{number}", type=kind, value="x")
        for number, kind in enumerate(
            (DataType.IMEI, DataType.IMSI, DataType.CONTACT_PHONE_NUMBER, DataType.CONTACT_PHONE_NUMBER)
        )
    )
)
CONDITIONS = {"network": "wifi", "service.cloud_messaging": "on"}


def state(*steps: str) -> HandsetState:
    consents = [
        Consent(service="cloud", at=BEGIN, state=ConsentState.GRANTED),
        Consent(service="cloud", at=BEGIN + timedelta(minutes=5), state=ConsentState.WITHDRAWN),
    ]
    return HandsetState.begin(SUBJECT, CONDITIONS, consents, steps)


def behaviour(on: tuple[str, ...], **when: str) -> Behaviour:
    conditions = {name.replace("__", "."): (value,) for name, value in when.items()}
    act = ShortMessage(to="1", text=parse_template("x"))
    return Behaviour(id="b", on=on, when=conditions, service=None, percent=100, act=act)


def test_a_value_comes_with_its_step() -> None:
    handset = state("insert-sim", "add-contact")
    assert set(handset.values) == {DataType.IMEI}
    handset.take("insert-sim")
    assert DataType.IMSI in handset.values
    handset.take("add-contact")
    assert handset.values[DataType.CONTACT_PHONE_NUMBER].id == "v2"


def test_what_no_step_brings_is_there_from_the_start() -> None:
    assert set(state("add-contact").values) == {DataType.IMEI, DataType.IMSI}


@pytest.mark.parametrize(
    ("one", "happens"),
    [
        (behaviour(("add-contact",)), True),
        (behaviour(("*",)), True),
        (behaviour(("wait",)), False),
        (behaviour(("add-contact",), network="wifi", service__cloud_messaging="on"), True),
        (behaviour(("add-contact",), network="cellular"), False),
        (behaviour(("add-contact",), account="none"), False),
    ],
)
def test_a_behaviour_needs_its_step_and_all_of_its_conditions(one: Behaviour, happens: bool) -> None:
    assert state().does(one, "add-contact") is happens


def test_consent_is_what_was_said_last() -> None:
    handset = state()
    assert handset.consent("cloud", BEGIN) == "granted"
    assert handset.consent("cloud", BEGIN + timedelta(minutes=6)) == "withdrawn"
    assert handset.consent("cloud", BEGIN - timedelta(minutes=1)) is None
    assert handset.consent(None, BEGIN) is None
