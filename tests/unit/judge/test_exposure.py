"""Exposures are counted by step, by what the session or its protocol says that a step exposes."""

from datetime import UTC, datetime, timedelta

import pytest

from phonehome.judge.exposure import WHOLE_SESSION, count_exposures, find_recorded
from phonehome.model.protocol import ProtocolStep, TestProtocol
from phonehome.model.session import Position, Recorded, Session, Step
from phonehome.model.subject import DataType

AT = datetime(2014, 8, 7, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WHOLE = Recorded(begin=AT - MINUTE, end=AT + 60 * MINUTE)
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


def session(*steps: Step, position: Position = Position.GATEWAY) -> Session:
    return Session(id="01", subject="unit-3", position=position, steps=steps)


def test_a_step_exposes_what_its_protocol_says_and_each_time_again() -> None:
    taken = session(
        Step(id="insert-sim", at=AT),
        Step(id="add-contact", at=AT),
        Step(id="wait", at=AT),
        Step(id="add-contact", at=AT),
    )
    exposures = count_exposures(taken, PROTOCOL, WHOLE)
    counts = {kind: (one.count, list(one.steps)) for kind, one in exposures.items()}
    assert counts == {
        DataType.IMEI: (2, [WHOLE_SESSION, "insert-sim"]),
        DataType.IMSI: (1, ["insert-sim"]),
        DataType.CONTACT_PHONE_NUMBER: (2, ["add-contact"]),
    }


def test_what_the_session_says_of_a_step_counts_before_the_protocol() -> None:
    taken = session(Step(id="add-contact", at=AT, exposes=(DataType.CONTACT_NAME,)))
    assert set(count_exposures(taken, PROTOCOL, WHOLE)) == {DataType.IMEI, DataType.CONTACT_NAME}
    nothing = session(Step(id="add-contact", at=AT, exposes=()))
    assert set(count_exposures(nothing, PROTOCOL, WHOLE)) == {DataType.IMEI}


def test_without_a_protocol_only_what_steps_say_is_known() -> None:
    taken = session(Step(id="add-contact", at=AT), Step(id="own", at=AT, exposes=(DataType.IMSI,)))
    assert set(count_exposures(taken, None, WHOLE)) == {DataType.IMSI}


def three_steps(position: Position = Position.GATEWAY) -> Session:
    return session(
        Step(id="start-up", at=AT, exposes=(DataType.SERIAL_NUMBER,)),
        Step(id="insert-sim", at=AT + MINUTE),
        Step(id="add-contact", at=AT + 10 * MINUTE),
        position=position,
    )


@pytest.mark.parametrize(
    ("begin", "end", "covered"),
    [
        (0.0, 11.0, (True, True, True)),
        (0.5, 10.0, (True, True, True)),
        (0.0, 9.9, (True, True, False)),
        (0.0, 0.5, (True, False, False)),
        (5.0, 11.0, (False, True, True)),
        (40.0, 41.0, (False, False, True)),
        (-9.0, -1.0, (False, False, False)),
        (71.0, 99.0, (False, False, False)),
    ],
)
def test_a_step_counts_if_something_was_recorded_from_then_on_and_before_the_next(
    begin: float, end: float, covered: tuple[bool, ...]
) -> None:
    span = Recorded(begin=AT + begin * MINUTE, end=AT + end * MINUTE)
    assert find_recorded(three_steps(), span) == covered
    exposures = count_exposures(three_steps(), PROTOCOL, span)
    assert (DataType.CONTACT_PHONE_NUMBER in exposures) == covered[2]
    assert (DataType.IMEI in exposures) == any(covered), "nor does a session that was not recorded count"


def test_a_recording_of_which_no_time_is_known_exposes_nothing() -> None:
    assert count_exposures(three_steps(), PROTOCOL, None) == {}
    assert find_recorded(three_steps(), None) == (False, False, False)


def test_a_recorder_on_the_handset_has_nothing_of_a_step_in_which_it_starts() -> None:
    there = three_steps(Position.HANDSET)
    assert find_recorded(there, WHOLE) == (False, True, True)
    assert DataType.SERIAL_NUMBER not in count_exposures(there, PROTOCOL, WHOLE)
    alone = session(Step(id="start-up", at=AT), position=Position.HANDSET)
    assert count_exposures(alone, PROTOCOL, WHOLE) == {}


def test_steps_of_the_same_moment_hold_together() -> None:
    taken = session(
        Step(id="insert-sim", at=AT), Step(id="add-contact", at=AT), Step(id="wait", at=AT + MINUTE)
    )
    assert find_recorded(taken, Recorded(begin=AT + MINUTE / 2, end=AT + MINUTE / 2)) == (True, True, False)
