"""A step holds until the next begins, a state of consent until the next for its service."""

from datetime import UTC, datetime, timedelta

import pytest

from phonehome.documents.base import ConsentSummary
from phonehome.judge.timeline import state_at, step_at, summarise
from phonehome.model.session import Consent, ConsentState, Step

BEGIN = datetime(2014, 8, 7, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STEPS = (Step(id="insert-sim", at=BEGIN), Step(id="add-contact", at=BEGIN + 5 * MINUTE))
CONSENT = (
    Consent(service="messaging", at=BEGIN, state=ConsentState.NOT_ASKED),
    Consent(service="cloud", at=BEGIN + MINUTE, state=ConsentState.DECLINED),
    Consent(service="messaging", at=BEGIN + 3 * MINUTE, state=ConsentState.GRANTED),
    Consent(service="messaging", at=BEGIN + 6 * MINUTE, state=ConsentState.WITHDRAWN),
)


@pytest.mark.parametrize(
    ("minute", "step"),
    [(-1, None), (0, "insert-sim"), (4.9, "insert-sim"), (5, "add-contact"), (500, "add-contact")],
)
def test_a_moment_follows_the_last_step_that_began(minute: float, step: str | None) -> None:
    found = step_at(STEPS, BEGIN + minute * MINUTE)
    assert (found and found.id) == step


@pytest.mark.parametrize(
    ("service", "minute", "state"),
    [
        ("messaging", -1, None),
        ("messaging", 0, ConsentState.NOT_ASKED),
        ("messaging", 3, ConsentState.GRANTED),
        ("messaging", 60, ConsentState.WITHDRAWN),
        ("cloud", 0, None),
        ("cloud", 60, ConsentState.DECLINED),
        ("another", 60, None),
    ],
)
def test_consent_holds_until_the_next_for_the_same_service(
    service: str, minute: float, state: ConsentState | None
) -> None:
    assert state_at(CONSENT, service, BEGIN + minute * MINUTE) is state


@pytest.mark.parametrize(
    ("states", "word"),
    [
        ([], None),
        ([None, None], None),
        ([ConsentState.GRANTED, ConsentState.GRANTED], "granted"),
        ([ConsentState.GRANTED, ConsentState.DECLINED], "mixed"),
        ([ConsentState.GRANTED, None], "mixed"),
    ],
)
def test_only_one_state_of_all_is_told_by_its_name(
    states: list[ConsentState | None], word: ConsentSummary | None
) -> None:
    assert summarise(states) == word
