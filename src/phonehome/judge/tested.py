"""Which handsets and builds a case tested, and what a policy asks for that nobody tested."""

from collections.abc import Iterator
from dataclasses import dataclass

from phonehome.documents.case import CaseDoc, SessionDoc
from phonehome.judge.grouping import BUILD
from phonehome.model import wording
from phonehome.model.policy import Policy, Requirement
from phonehome.model.subject import DataType


@dataclass(frozen=True, slots=True, kw_only=True)
class HandsetBuild:
    """One handset with one build, and the sessions that recorded it; `build` is None where no condition says it."""

    subject: str
    build: str | None
    sessions: tuple[SessionDoc, ...]


def group_tested(case: CaseDoc) -> list[HandsetBuild]:
    """Give handsets and builds with their sessions: in the order of the case, builds from the oldest."""
    groups: dict[tuple[str, str | None], list[SessionDoc]] = {}
    for handset in case.handsets:
        for build in handset.builds:
            groups[handset.id, build] = []
    for session in case.sessions:
        groups.setdefault((session.subject, session.conditions.get(BUILD)), []).append(session)
    order = {handset.id: place for place, handset in enumerate(case.handsets)}
    found = [
        HandsetBuild(subject=subject, build=build, sessions=tuple(sessions))
        for (subject, build), sessions in groups.items()
        if sessions
    ]
    return sorted(found, key=lambda tested: order.get(tested.subject, len(order)))


def missing_tests(policy: Policy, tested: HandsetBuild) -> Iterator[str]:
    """Say what keeps a handset from being allowed: sessions that were read badly, and requirements that nobody met."""
    for session in tested.sessions:
        yield from _poor_coverage(policy, session)
    for requirement in policy.requires:
        yield from _unmet(requirement, tested)


def _poor_coverage(policy: Policy, session: SessionDoc) -> Iterator[str]:
    share = session.coverage
    if not share.exchanges or not share.bytes_up:
        yield f"session {session.id} holds nothing that was sent, so its silence says nothing"
        return
    if share.read < policy.minimum_read * share.bytes_up:
        asked = f"{100 * policy.minimum_read:g} %"
        yield (
            f"of what was sent in session {session.id}, {_percent(share.read / share.bytes_up)} could be read, "
            f"and the policy asks for {asked}"
        )
    # What a problem hid is in no count of bytes: an entry of a HAR that is broken, a packet cut short.
    if session.lost_problems > (1 - policy.minimum_read) * share.exchanges:
        yield (
            f"in session {session.id}, {wording.count(session.lost_problems, 'problem')} hid parts of "
            f"{wording.count(share.exchanges, 'exchange')}"
        )


def _unmet(requirement: Requirement, tested: HandsetBuild) -> Iterator[str]:
    under = _say_conditions(requirement)
    sessions = [
        session
        for session in tested.sessions
        if all(session.conditions.get(name) == value for name, value in requirement.conditions.items())
    ]
    if not sessions:
        yield f"no session was recorded{under}"
        return
    untried: list[str] = []
    for kind in requirement.data_types:
        found = sum(count_chances(session, kind) for session in sessions)
        if not found:
            untried.append(wording.data_type(kind.value))
        elif found < requirement.exposures:
            yield (
                f"{wording.data_type(kind.value)} had {wording.count(found, 'chance')} to be sent{under}, "
                f"and the policy asks for {requirement.exposures}"
            )
    if untried:
        yield f"{wording.listing(untried)} had no chance to be seen{under}"


def count_chances(session: SessionDoc, kind: DataType) -> int:
    """Count how often a data type had a chance to be seen: sent, with a value that was searched for."""
    return sum(
        exposure.count
        for exposure in session.exposures
        if exposure.data_type == kind.value and (exposure.values or exposure.seen)
    )


def is_tried(session: SessionDoc, kind: DataType) -> bool:
    """Say whether a data type had such a chance in a session."""
    return count_chances(session, kind) > 0


def _say_conditions(requirement: Requirement) -> str:
    if not requirement.conditions:
        return ""
    return " with " + wording.listing(f"{name}={value}" for name, value in requirement.conditions.items())


def _percent(share: float) -> str:
    """Write a share so that one below a threshold never looks like it: 89.96 % is no 90 %."""
    return f"{int(1000 * share) / 10:g} %"
