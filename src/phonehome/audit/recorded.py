"""What a session's recordings cover of its timeline, and what they do not: a recorder that had stopped saw nothing."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from phonehome.audit.text import write_time
from phonehome.documents import audit as doc
from phonehome.judge.exposure import MAX_LATE
from phonehome.model.positions import sees
from phonehome.model.session import Recorded, Session, Step
from phonehome.model.wording import count, listing_at_most

NAMED = 4
STATE_IT = "if the recorder did run then, `recorded` in session.yaml says so"


def find_span(session: Session, document: doc.AuditDocument) -> Recorded | None:
    """Say from when to when a session was recorded, by the clock of its timeline; None where nothing tells.

    That is what its captures hold, their clock set right, and what the tester says where it is more.
    """
    begins = [_read(file.recorded_from) for file in document.inputs if file.recorded_from is not None]
    ends = [_read(file.recorded_to) for file in document.inputs if file.recorded_to is not None]
    told = session.recorded
    if not begins or not ends:
        return told
    ahead = timedelta(seconds=session.clock_offset_s)
    try:
        begin, end = min(begins) - ahead, max(ends) - ahead
    except OverflowError:
        return told  # a recording of the year 1, whose clock is said to be ahead
    if told is not None:
        begin, end = min(begin, told.begin), max(end, told.end)
    return Recorded(begin=begin, end=end)


def is_apart(session: Session, span: Recorded | None) -> bool:
    """Say whether recording and timeline have no moment in common."""
    steps = session.steps
    return (
        span is not None and bool(steps) and (span.end < steps[0].at or span.begin > steps[-1].at + MAX_LATE)
    )


def find_apart(session: Session, span: Recorded | None) -> doc.ProblemDoc | None:
    """Report a recording that is of another time than the session's timeline."""
    if span is None or not is_apart(session, span):
        return None
    steps = session.steps
    return doc.ProblemDoc(
        where=f"sessions/{session.id}",
        reason=f"the recording (from {write_time(span.begin)} to {write_time(span.end)}, set right by "
        f"clock_offset_s) and the timeline (from {write_time(steps[0].at)} to {write_time(steps[-1].at)}) do not "
        "overlap, so no step counts as a chance for any data; look at the dates, the time zone and clock_offset_s",
        lost=True,
    )


def iter_uncovered(session: Session, span: Recorded | None, recorded: tuple[bool, ...]) -> Iterator[str]:
    """Say in sentences which steps the recording does not cover.

    Args:
        session: The session.
        span: From when to when it was recorded.
        recorded: Of each step, whether it counts.
    """
    if not session.steps:
        return
    if span is None:
        yield (
            "Nothing in the recording has a time, so nothing tells that it covers the timeline: no step counts as a "
            f"chance for any data; {STATE_IT}."
        )
        return
    steps = [
        step
        for step, is_recorded in zip(session.steps, recorded, strict=True)
        if not is_recorded and sees(session.position, step.id)
    ]
    late = [step for step in steps if step.at > span.end]
    early = [step for step in steps if step.at < span.begin]
    if late:
        yield _tell(f"The recording ends at {write_time(span.end)}, before", late)
    if early:
        yield _tell(f"The recording begins at {write_time(span.begin)}, too late for", early)


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _tell(when: str, steps: list[Step]) -> str:
    names = listing_at_most(list(dict.fromkeys(step.id for step in steps)), NAMED, "other", "others")
    which = count(len(steps), "step")
    return (
        f"{when} {which} of the timeline ({names}), which therefore {'counts' if len(steps) == 1 else 'count'} as no "
        f"chance for any data; {STATE_IT}."
    )
