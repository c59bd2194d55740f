"""Why a claim got its verdict, as sentences for people."""

from collections.abc import Sequence

from phonehome.documents.audit import FlowDoc
from phonehome.judge.claim_evidence import MAX_NAMED, Evidence, SessionEvidence, count_chances
from phonehome.model import wording
from phonehome.model.statistics import rate_bound
from phonehome.rules import Outcome
from phonehome.rules.claim import CheckedClaim

MAX_TYPES = 8
"""Data types that are named of what went to one host."""

MAX_OPEN = 2
"""Sessions of which it is said why they may or may not test a claim."""

RECORDED = "recorded"
"""In a proposal, beside conditions: from when on a session must be recorded."""


def say_contradicted(broken: Sequence[SessionEvidence]) -> str:
    """Say what breaks a claim, session by session."""
    said = []
    for one in broken[:MAX_NAMED]:
        what = one.destinations or _describe(one.against) or ["the session as a whole"]
        said.append(f"{one.session.id}: {wording.listing_at_most(what, MAX_NAMED, 'other', 'others')}")
    if len(broken) > MAX_NAMED:
        said.append(f"and {wording.count(len(broken) - MAX_NAMED, 'more session')}")
    return "against it speaks " + "; ".join(said)


def _describe(flows: Sequence[FlowDoc]) -> list[str]:
    """Name flows, those that differ in their data type only together."""
    groups: dict[tuple[str | None, str | None, str | None], dict[str, None]] = {}
    for flow in flows:
        group = groups.setdefault((flow.host, flow.transport, _say_consent(flow)), {})
        group[wording.data_type(flow.data_type)] = None
    return [_name(list(types), *key) for key, types in groups.items()]


def _say_consent(flow: FlowDoc) -> str | None:
    """Name every state that a flow was sent under."""
    met = [state for found in flow.consents.values() for state in found]
    named = dict.fromkeys((state or "unknown").replace("_", " ") for state in met)
    if not named and flow.consent is not None:
        return flow.consent.replace("_", " ")
    return wording.listing(named) if set(named) - {"unknown"} else None


def _name(types: Sequence[str], host: str | None, transport: str | None, consent: str | None) -> str:
    what = wording.listing_at_most(types, MAX_TYPES, "other data type", "other data types")
    how = {"cleartext": " in clear", "tls": " over TLS", "quic": " over QUIC"}.get(transport or "", "")
    state = f" (consent: {consent})" if consent is not None else ""
    return f"{what} to {host or 'an unnamed host'}{how}{state}"


def say_untestable(checked: CheckedClaim, evidence: Evidence) -> str:
    """Say why no session can test a claim."""
    assert checked.testable_when is not None
    wanted = wanted_conditions(checked)
    since = wanted.pop(RECORDED, None)
    have = [one for one in evidence.in_scope if all(one.conditions.get(key) == wanted[key] for key in wanted)]
    if not evidence.in_scope and not wanted:
        text = "no session was recorded of what it speaks of"
    elif (have or not wanted) and since is None:
        text = (
            f"no session is known to fulfil what a test needs: {' '.join(checked.testable_when.text.split())}"
        )
    else:
        needs = [f"{name}={value}" for name, value in wanted.items()]
        text = "no session is known to have been recorded"
        text += f" with {wording.listing(needs)}" if needs else ""
        text += f" {since}" if since is not None else ""
    if evidence.open:
        said = [f"{session.id}: {why}" for session, why in evidence.open]
        text += f" ({wording.listing_at_most(said, MAX_OPEN, 'other session', 'other sessions')})"
    return text


def say_undecided(checked: CheckedClaim, undecided: Sequence[SessionEvidence]) -> str:
    """Say what keeps the rule of a claim from an answer."""
    clauses = dict.fromkeys(clause for one in undecided for clause in one.missing)
    why = wording.listing_at_most(list(clauses), MAX_NAMED, "other reason", "other reasons")
    sessions = wording.listing_at_most(
        [one.session.id for one in undecided], MAX_NAMED, "other session", "other sessions"
    )
    text = f"{sessions}: {why}"
    chances = count_chances(checked, [one for one in undecided if one.doubt is None])
    if all(one.is_unseen for one in undecided):
        bound = rate_bound(chances)
        if bound is None:
            return f"{text}, and nothing shows that it had a chance to be seen"
        return f"{text}; {wording.count(chances, 'chance')} to see it still allow a rate of {_percent(bound)}"
    return text


def say_consistent(
    evidence: Evidence, sound: Sequence[SessionEvidence], chances: int, bound: float | None
) -> str:
    """Say what a consistent verdict rests on, and what it still allows; no bound where it was seen to be so."""
    sessions = wording.listing_at_most(
        [one.session.id for one in sound], MAX_NAMED, "other session", "other sessions"
    )
    flows = wording.count(sum(len(one.flows) for one in sound), "flow")
    if bound is None:
        text = f"seen in {sessions} ({flows}), and nothing speaks against it"
    else:
        allows = "allows" if chances == 1 else "allow"
        text = (
            f"nothing in {sessions} speaks against it ({flows} of it seen); {wording.count(chances, 'chance')} to "
            f"see the contrary still {allows} it at a rate of {_percent(bound)}"
        )
    unseen = [one.session.id for one in evidence.with_outcome(Outcome.UNDECIDED)]
    if unseen:
        text += (
            f"; not seen in {wording.listing_at_most(unseen, MAX_NAMED, 'other session', 'other sessions')}"
        )
    return text


def say_measured(changes: int) -> str:
    """Say what a verdict on speed rests on."""
    return (
        f"measured in {wording.count(changes, 'change')} of round-trip times, and nothing speaks against it"
    )


def _percent(rate: float) -> str:
    return f"{100 * rate:.0f} %"


def wanted_conditions(checked: CheckedClaim) -> dict[str, str]:
    """The conditions of a session that would test a claim."""
    assert checked.testable_when is not None
    wanted = dict(checked.testable_when.required_conditions())
    if checked.claim.scope.build is not None:
        wanted.setdefault("build", checked.claim.scope.build)
    since = checked.testable_when.required_since()
    if since is not None:
        wanted[RECORDED] = f"from {since.date().isoformat()} on"
    return wanted
