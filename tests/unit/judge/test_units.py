"""An organisation's handsets: affected, not affected, or tested by nobody."""

import pytest
from case_documents import HANDSET, MadeFlow, make_case_document, make_flow, make_handset, make_session

from phonehome.documents.audit import AuditDocument
from phonehome.documents.judgement import DecisionDoc, DecisionName, UnitDoc
from phonehome.judge.units import match
from phonehome.model.policy import Unit


def decision(build: str | None, decided: DecisionName | None, make: str = "Xiaomi") -> DecisionDoc:
    return DecisionDoc(
        policy="Ours",
        subject="a",
        make=make,
        model="Redmi 1S",
        build=build,
        decision=decided,
        severity=None,
        reason="It is so.",
        advice=[],
        rules=[],
        missing=["no session was recorded with network=cellular"] if decided is None else [],
    )


def unit(build: str | None, make: str = "Xiaomi", model: str = "Redmi 1S") -> Unit:
    return Unit(line=2, unit="7", make=make, model=model, build=build)


def case(*flows: MadeFlow) -> AuditDocument:
    handset = make_handset(HANDSET, "1.0", make="Xiaomi", model="Redmi 1S")
    return make_case_document([make_session("01", {"build": "1.0"})], flows, handsets=[handset])


def of(one: Unit, *decisions: DecisionDoc) -> UnitDoc:
    (found,) = match([one], decisions, case())
    return found


@pytest.mark.parametrize(
    ("decided", "state"),
    [
        ("prohibit", "affected"),
        ("restrict", "affected"),
        ("allow", "not_affected"),
        (None, "not_tested"),
    ],
)
def test_a_unit_of_the_tested_build_is_what_was_decided(decided: DecisionName | None, state: str) -> None:
    found = of(unit("1.0"), decision("1.0", decided))
    assert (found.line, found.unit, found.state, found.decision) == (2, "7", state, decided)
    if decided is None:
        assert found.why == "It is so.; no session was recorded with network=cellular"


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (unit("2.0"), "another build was tested: 1.0"),
        (unit(None), "its build is not known; tested: 1.0"),
        (unit("1.0", model="Redmi Note"), "no handset of this make and model was tested"),
        (unit("1.0", make="Mi"), "no handset of this make and model was tested"),
    ],
)
def test_another_build_or_none_is_not_tested_and_nothing_is_concluded(one: Unit, why: str) -> None:
    for decided in ("prohibit", "allow"):
        found = of(one, decision("1.0", decided))
        assert (found.state, found.decision, found.why) == ("not_tested", None, why)


def test_names_are_the_same_whatever_their_case_and_spaces() -> None:
    found = of(unit("jhcMIBH45.0", " XIAOMI ", "redmi  1s"), decision("JHCMIBH45.0", "prohibit"))
    assert found.state == "affected"


def test_of_several_tested_handsets_of_a_build_the_strictest_counts() -> None:
    assert of(unit("1.0"), decision("1.0", "allow"), decision("1.0", "restrict")).decision == "restrict"
    assert of(unit("1.0"), decision("1.0", "prohibit"), decision("1.0", "restrict")).decision == "prohibit"


def test_a_build_that_one_test_left_open_is_not_unaffected_by_another() -> None:
    assert of(unit("1.0"), decision("1.0", "allow"), decision("1.0", None)).state == "not_tested"


def test_a_decision_without_a_build_says_nothing_of_a_unit_with_one() -> None:
    found = of(unit("1.0"), decision(None, "prohibit"))
    assert (found.state, found.why) == (
        "not_tested",
        "another build was tested: a build that the case does not name",
    )


def test_without_a_policy_what_was_seen_counts_and_silence_does_not() -> None:
    (seen,) = match([unit("1.0")], [], case(make_flow("imei", session="01")))
    assert (seen.state, seen.decision, seen.why) == ("affected", None, "it was seen to send IMEI")
    (silent,) = match([unit("1.0")], [], case())
    assert silent.state == "not_tested"
    assert "only a policy says what must be tested" in silent.why
