"""Whether a claim speaks of an older build than the newest that was tested.

Such a claim may be right and out of date: a notice that names a leak which an update has closed.
"""

from phonehome.documents.case import CaseDoc, CaseHandsetDoc
from phonehome.judge.claim_evidence import MAX_NAMED
from phonehome.model.wording import listing_at_most
from phonehome.rules.claim import CheckedClaim


def say_superseded(checked: CheckedClaim, case: CaseDoc) -> str | None:
    """Name the newer evidence, or None where there is none, or the claim does not limit itself to a build."""
    build = checked.claim.scope.build
    if build is None and checked.testable_when is not None:
        build = checked.testable_when.required_conditions().get("build")
    if build is None:
        return None
    for handset in case.handsets:
        if build in handset.builds and checked.claim.scope.handset in (None, handset.id):
            return _newer(handset, build, case)
    return None


def _newer(handset: CaseHandsetDoc, build: str, case: CaseDoc) -> str | None:
    newer = handset.builds[handset.builds.index(build) + 1 :]
    for candidate in reversed(newer):
        sessions = [
            session.id
            for session in case.sessions
            if session.subject == handset.id and session.conditions.get("build") == candidate
        ]
        if sessions:
            named = listing_at_most(sessions, MAX_NAMED, "other session", "other sessions")
            return f"it speaks of build {build}, and newer evidence is of build {candidate} ({named})"
    return None
