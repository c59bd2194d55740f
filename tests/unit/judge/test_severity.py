"""The table of severities, cell by cell."""

import pytest

from phonehome.judge.severity import Severity, gravest_consent, severity_of
from phonehome.model.exchange import Direction, Transport
from phonehome.model.session import ConsentState
from phonehome.model.subject import DataType

UP, DOWN = Direction.UP, Direction.DOWN
CLEAR, TLS, QUIC = Transport.CLEARTEXT, Transport.TLS, Transport.QUIC


@pytest.mark.parametrize(
    ("data_type", "clear", "protected"),
    [
        (DataType.SMS_TEXT, "critical", "high"),
        (DataType.CONTACT_PHONE_NUMBER, "critical", "high"),
        (DataType.LOCATION, "critical", "high"),
        (DataType.IMEI, "high", "medium"),
        (DataType.EMAIL, "high", "medium"),
        (DataType.BSSID, "high", "medium"),
        (DataType.ADVERTISING_ID, "medium", "low"),
        (DataType.SSID, "medium", "low"),
        (DataType.CARRIER_NAME, "low", "low"),
        (DataType.DEVICE_MODEL, "low", "low"),
    ],
)
def test_the_table_is_the_documented_one(data_type: DataType, clear: str, protected: str) -> None:
    assert severity_of(data_type, CLEAR, UP).label == clear
    assert severity_of(data_type, None, UP).label == clear, "an unknown transport counts as clear text"
    assert severity_of(data_type, TLS, UP).label == protected
    assert severity_of(data_type, QUIC, UP).label == protected


@pytest.mark.parametrize("data_type", DataType)
def test_what_comes_back_weighs_at_most_one_step_less_and_weak_findings_weigh_least(
    data_type: DataType,
) -> None:
    for transport in (None, CLEAR, TLS, QUIC):
        up, down = (severity_of(data_type, transport, direction) for direction in (UP, DOWN))
        assert down == max(up - 1, Severity.LOW)
        assert severity_of(data_type, transport, UP, weak=True) is Severity.LOW


@pytest.mark.parametrize("data_type", DataType)
def test_clear_text_is_never_better_than_encryption(data_type: DataType) -> None:
    assert severity_of(data_type, CLEAR, UP) >= severity_of(data_type, TLS, UP)


def test_severities_compare_by_weight() -> None:
    assert sorted(Severity) == [Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL]


def test_consent_counts_by_the_worst_state_of_services_and_findings() -> None:
    granted, withdrawn, asked = ConsentState.GRANTED, ConsentState.WITHDRAWN, ConsentState.NOT_ASKED
    assert gravest_consent({granted}) is granted
    assert gravest_consent({granted, withdrawn, None}) is withdrawn
    assert gravest_consent({granted, asked}) is asked
    assert gravest_consent({granted, None}) is None
    assert gravest_consent(set()) is None
    steps = [severity_of(DataType.IMEI, TLS, UP, consent=state).label for state in (granted, None, withdrawn)]
    assert steps == ["low", "medium", "high"]
