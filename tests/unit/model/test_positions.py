"""Each recording position says what it misses, the worst first."""

from datetime import UTC, datetime

import pytest

from phonehome.model.positions import is_blind, missed_by
from phonehome.model.session import Position, Session, Step


def misses(position: Position, **conditions: str) -> str:
    return "\n".join(missed_by(Session(id="01", subject="x", position=position, conditions=conditions)))


@pytest.mark.parametrize("position", Position)
def test_every_position_misses_something_and_no_ip_recording_has_text_messages(position: Position) -> None:
    assert "SMS" in misses(position, network="wifi")


@pytest.mark.parametrize(
    ("position", "said"),
    [
        (Position.HANDSET, "Early boot"),
        (Position.HANDSET, "around the VPN"),
        (Position.GATEWAY, "cellular"),
        (Position.PROXY, "pin their certificates"),
        (Position.PROXY, "no protocol but HTTP"),
        (Position.TAP, "handshakes of its own"),
        (Position.TAP, "cellular"),
    ],
)
def test_what_each_position_is_known_to_miss_is_said(position: Position, said: str) -> None:
    assert said in misses(position, network="wifi")


@pytest.mark.parametrize("network", ["cellular", "LTE", " 3g "])
@pytest.mark.parametrize("position", [Position.GATEWAY, Position.TAP])
def test_a_session_on_the_cellular_network_is_not_seen_from_the_wifi(
    position: Position, network: str
) -> None:
    first, *rest = misses(position, network=network).splitlines()
    assert "nothing that the handset sent there is in the recording" in first
    assert not any("goes past it" in sentence for sentence in rest), "said once"


@pytest.mark.parametrize("position", Position)
@pytest.mark.parametrize("network", ["cellular", "wifi", ""])
def test_only_a_recording_on_another_path_than_the_handsets_is_blind(
    position: Position, network: str
) -> None:
    session = Session(id="01", subject="x", position=position, conditions={"network": network})
    blind = network == "cellular" and position in {Position.GATEWAY, Position.TAP}
    assert is_blind(session) is blind


def test_a_recording_on_the_handset_sees_the_cellular_network() -> None:
    assert "nothing that the handset sent" not in misses(Position.HANDSET, network="cellular")


def test_a_session_that_does_not_say_its_network_is_told_what_may_be_missing() -> None:
    assert misses(Position.GATEWAY).startswith("The session does not say on which network")


def test_a_start_that_was_recorded_on_the_handset_itself_is_told_to_be_missing() -> None:
    step = Step(id="start-up", at=datetime(2014, 8, 7, tzinfo=UTC))

    def first(position: Position) -> str:
        return missed_by(
            Session(id="01", subject="x", position=position, conditions={"network": "wifi"}, steps=(step,))
        )[0]

    assert first(Position.HANDSET).startswith("The timeline has the step start-up")
    assert not first(Position.GATEWAY).startswith("The timeline")
