"""What to do: what people decided, what a policy advises, and what follows from the evidence itself."""

from collections.abc import Sequence

from phonehome.documents.advisory import ActionDoc, AudienceName, HandsetNoticeDoc
from phonehome.documents.case import CaseDoc
from phonehome.documents.judgement import CauseDoc, FactorDoc
from phonehome.model.advisory import Action
from phonehome.model.statistics import rate_bound
from phonehome.reports import words
from phonehome.reports.advisory.items import Item

AUDIENCES: tuple[AudienceName, ...] = ("users", "organisations", "vendor", "testers")
SERVICE = "service."
OFF = "off"
PROPOSALS_HELD = 5


def advise(
    case: CaseDoc, items: Sequence[Item], handsets: Sequence[HandsetNoticeDoc], decided: Sequence[Action]
) -> list[ActionDoc]:
    """Give the actions, by audience; what a person decided for an audience replaces what would be derived for it."""
    by_person = [
        ActionDoc(audience=action.audience.value, text=action.text, source="person") for action in decided
    ]
    settled = {action.audience for action in by_person}
    derived = [
        *_by_policy(case),
        *(_by_evidence(case, items, handsets) if items else []),
        *_tests(case),
    ]
    found = [*by_person, *(action for action in derived if action.audience not in settled)]
    unique = {(action.audience, action.text): action for action in found}
    return sorted(unique.values(), key=lambda action: AUDIENCES.index(action.audience))


def _action(audience: AudienceName, text: str) -> ActionDoc:
    return ActionDoc(audience=audience, text=text, source="evidence")


def _by_policy(case: CaseDoc) -> list[ActionDoc]:
    decisions = case.judgement.decisions if case.judgement is not None else []
    return [
        ActionDoc(audience="organisations", text=text, source="policy")
        for decision in decisions
        for text in decision.advice
    ]


def _by_evidence(
    case: CaseDoc, items: Sequence[Item], handsets: Sequence[HandsetNoticeDoc]
) -> list[ActionDoc]:
    found = [*_updates(handsets), *_switches(case)]
    if any("cleartext" in item.transports for item in items):
        found.append(
            _action(
                "users",
                "Until this is mended, use an affected handset only on networks that you trust: "
                "whoever runs the network can "
                "read what travels in cleartext.",
            )
        )
    found.append(
        _action(
            "users",
            "What was sent already is with its recipient: an update or a switch does not call it back.",
        )
    )
    types = words.listing_at_most(
        list(dict.fromkeys(words.data_type(item.data_type) for item in items)),
        6,
        "more data type",
        "more data types",
    )
    found.append(
        _action(
            "organisations",
            "Find out which of your handsets have an affected build (“phonehome audit CASE --handsets LIST” compares a "
            "list of them with this case).",
        )
    )
    found.append(
        _action(
            "vendor",
            f"Ask before {types} is sent, say to whom and what for, and send only what the user agreed to.",
        )
    )
    clear = list(dict.fromkeys(words.data_type(i.data_type) for i in items if _still_open(i, handsets)))
    if clear:
        named = words.listing_at_most(clear, 6, "more data type", "more data types")
        found.append(_action("vendor", f"Encrypt {named} in transport; that does not replace asking."))
    return found


def _still_open(item: Item, handsets: Sequence[HandsetNoticeDoc]) -> bool:
    """Tell whether the newest build of a handset that sent the item sent it in cleartext."""
    for handset in handsets:
        ways = [item.transports_of(handset.id, [build.build]) for build in handset.builds]
        newest = [way for way in ways if way]
        if newest and "cleartext" in newest[-1]:
            return True
    return False


def _updates(handsets: Sequence[HandsetNoticeDoc]) -> list[ActionDoc]:
    found = []
    for handset in handsets:
        fixed = [build.build for build in handset.builds if build.state == "fixed"]
        if fixed:
            found.append(
                _action(
                    "users",
                    f"Update {handset.name} to build {fixed[-1]}, in which it was no longer seen "
                    f"under the conditions tested.",
                )
            )
    return found


def _switches(case: CaseDoc) -> list[ActionDoc]:
    """Advise to switch off a service only where the sessions show that this ends a flow."""
    causes = case.judgement.causes if case.judgement is not None else []
    found: dict[str, list[tuple[CauseDoc, int]]] = {}
    for cause in causes:
        for factor in cause.factors:
            exposures = _exposures_off(factor)
            if exposures:
                found.setdefault(factor.name.removeprefix(SERVICE), []).append((cause, exposures))
    actions = []
    for service, cases in found.items():
        names = list(dict.fromkeys(words.data_type(cause.data_type) for cause, _ in cases))
        least = min(exposures for _, exposures in cases)
        actions.append(
            _action(
                "users",
                f"Switch off {service.replace('_', ' ')}: with it off, "
                f"{words.listing_at_most(names, 4, 'more data type', 'more data types')} was not seen "
                f"({words.count(least, 'exposure')}; a rate of up to {100 * (rate_bound(least) or 1):.0f} % "
                f"remains possible).",
            )
        )
    return actions


def _exposures_off(factor: FactorDoc) -> int:
    """Count the exposures without a sighting while a service was off; 0 unless it is shown to be the cause."""
    if factor.verdict != "causes" or not factor.name.startswith(SERVICE):
        return 0
    return sum(level.exposures for level in factor.levels if level.value == OFF and not level.seen)


def _tests(case: CaseDoc) -> list[ActionDoc]:
    proposals = case.judgement.proposals if case.judgement is not None else []
    found = []
    for proposal in proposals[:PROPOSALS_HELD]:
        conditions = ", ".join(f"{name}={value}" for name, value in proposal.conditions.items())
        reasons = "; ".join(reason.rstrip(".") for reason in proposal.reasons[:2])
        found.append(
            _action("testers", f"Record a session of {proposal.subject} with {conditions}: {reasons}.")
        )
    return found
