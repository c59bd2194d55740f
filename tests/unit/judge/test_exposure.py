"""Exposures are counted by step, by what the session or its protocol says that a step exposes."""

from datetime import UTC, datetime

from phonehome.judge.exposure import WHOLE_SESSION, count_exposures
from phonehome.model.protocol import ProtocolStep, TestProtocol
from phonehome.model.session import Position, Session, Step
from phonehome.model.subject import DataType

AT = datetime(2014, 8, 7, 10, tzinfo=UTC)
PROTOCOL = TestProtocol(
    id="test",
    title="A test",
    about="",
    conditions={},
    exposes=(DataType.IMEI,),
    steps=(
        ProtocolStep(id="insert-sim", text="", exposes=(DataType.IMEI, DataType.IMSI)),
        ProtocolStep(id="add-contact", text="", exposes=(DataType.CONTACT_PHONE_NUMBER,)),
        ProtocolStep(id="wait", text=""),
    ),
)


def session(*steps: Step) -> Session:
    return Session(id="01", subject="unit-3", position=Position.GATEWAY, steps=steps)


def test_a_step_exposes_what_its_protocol_says_and_each_time_again() -> None:
    taken = session(
        Step(id="insert-sim", at=AT),
        Step(id="add-contact", at=AT),
        Step(id="wait", at=AT),
        Step(id="add-contact", at=AT),
    )
    exposures = count_exposures(taken, PROTOCOL)
    counts = {kind: (one.count, list(one.steps)) for kind, one in exposures.items()}
    assert counts == {
        DataType.IMEI: (2, [WHOLE_SESSION, "insert-sim"]),
        DataType.IMSI: (1, ["insert-sim"]),
        DataType.CONTACT_PHONE_NUMBER: (2, ["add-contact"]),
    }


def test_what_the_session_says_of_a_step_counts_before_the_protocol() -> None:
    taken = session(Step(id="add-contact", at=AT, exposes=(DataType.CONTACT_NAME,)))
    assert set(count_exposures(taken, PROTOCOL)) == {DataType.IMEI, DataType.CONTACT_NAME}
    nothing = session(Step(id="add-contact", at=AT, exposes=()))
    assert set(count_exposures(nothing, PROTOCOL)) == {DataType.IMEI}


def test_without_a_protocol_only_what_steps_say_is_known() -> None:
    taken = session(Step(id="add-contact", at=AT), Step(id="own", at=AT, exposes=(DataType.IMSI,)))
    assert set(count_exposures(taken, None)) == {DataType.IMSI}
