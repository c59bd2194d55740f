"""Consent in a clause: each service by name where they differ, and what nobody wrote down is said to be so."""

import pytest
from case_documents import make_flow, make_service

from phonehome.documents.base import ConsentName
from phonehome.reports.consent_words import NOT_STATED, say_consent

SERVICES = [make_service("chat"), make_service("cloud")]
States = dict[str, list[ConsentName | None]]


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ({}, NOT_STATED),
        ({"chat": [None]}, NOT_STATED),
        ({"chat": []}, NOT_STATED),
        ({"chat": ["not_asked"]}, "the user had not been asked"),
        ({"chat": ["not_asked"], "cloud": ["not_asked"]}, "the user had not been asked"),
        (
            {"chat": ["not_asked"], "cloud": [None]},
            "the user had not been asked about chat; whether the user was asked about cloud is not stated",
        ),
        (
            {"chat": ["not_asked"], "cloud": ["granted"]},
            "the user had not been asked about chat and had agreed to cloud",
        ),
        (
            {"chat": ["granted", "withdrawn"]},
            "the user, at different times, had agreed and had withdrawn consent",
        ),
        (
            {"chat": ["declined", "granted"], "cloud": ["granted"]},
            "the user, at different times, had declined chat and had agreed to chat and cloud",
        ),
        ({"chat": ["granted", None]}, "the user had agreed; for some of it that is not stated"),
    ],
)
def test_what_the_user_had_said_is_told_by_service(states: States, said: str) -> None:
    flow = make_flow("imei", session="01").flow.model_copy(update={"consents": states, "consent": None})
    assert say_consent([flow], SERVICES) == said


def test_states_of_several_flows_are_put_together() -> None:
    flows = [
        make_flow("imei", session=session).flow.model_copy(update={"consents": {"chat": [state]}})
        for session, state in (("01", "not_asked"), ("02", None))
    ]
    assert say_consent(flows, SERVICES) == "the user had not been asked; for some of it that is not stated"


@pytest.mark.parametrize(
    ("summary", "said"),
    [
        ("granted", "the user had agreed"),
        ("mixed", "the user had said different things to its services"),
        (None, NOT_STATED),
    ],
)
def test_a_document_without_states_by_service_has_its_summary(summary: str | None, said: str) -> None:
    flow = make_flow("imei", session="01").flow.model_copy(update={"consent": summary})
    assert say_consent([flow], []) == said
