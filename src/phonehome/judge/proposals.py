"""Which sessions to record next: the missing cells of the experiment, the most telling first.

Three kinds of cells tell something. One that changes a single condition of a session that is there splits what
is confounded. One under the newest build tells whether what an older build sent has stopped. And one with a
value of a condition that was never tried shows what nobody has looked at yet. Each weighs as much as the data
that it would tell something about; what several flows ask for is proposed once. What was recorded is never
proposed again, unless the step that counts was left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from phonehome.documents.audit import AuditDocument
from phonehome.documents.case import SessionDoc
from phonehome.documents.judgement import ProposalDoc
from phonehome.judge.experiments import POSITION, Experiment, Outcome, make_experiments
from phonehome.judge.factors import Table
from phonehome.judge.sending import SEVERITIES
from phonehome.model.wording import data_type as write_data_type
from phonehome.model.wording import listing, listing_at_most

MAX_PROPOSALS = 12
MAX_REASONS = 6
NAMED_TYPES = 4
"""Proposals, reasons of one, and data types that a reason names."""

MAX_DIFFERENCES = 5
"""Conditions in which two sessions may differ for a split to be proposed: beyond, one session would tell little."""

SPLIT, NEWEST, UNTRIED = 1.0, 0.8, 0.2
"""How much the three kinds tell of one flow."""

SIDE = 0.5
"""How much a split tells if the condition that it changes cannot be the cause alone."""

UP_TO_DATE = 1.25
"""How much more a session with the newest build tells than one with an older build."""

BUILD = "build"
_SERVICE = "service."

OTHER_VALUES = {"network": ("wifi", "cellular"), "account": ("none", "logged-in"), _SERVICE: ("on", "off")}
"""Conditions whose other value is known without anybody's having tried it."""

Cell = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Idea:
    """One cell that one flow asks for; `why` is the reason without the data type."""

    subject: str
    cell: Cell
    steps: frozenset[str]
    why: str
    data_type: str
    weight: float


@dataclass(slots=True, kw_only=True)
class _Proposal:
    """Ideas for one cell, put together; `reasons` are data types by reason."""

    steps: set[str] = field(default_factory=set)
    reasons: dict[str, dict[str, None]] = field(default_factory=dict)
    weight: float = 0.0

    def add(self, idea: Idea) -> None:
        self.steps |= idea.steps
        self.reasons.setdefault(idea.why, {})[write_data_type(idea.data_type)] = None
        self.weight += idea.weight


def propose(document: AuditDocument) -> list[ProposalDoc]:
    """Propose sessions to record next, the most telling first."""
    found: dict[tuple[str, Cell], _Proposal] = {}
    for experiment in make_experiments(document):
        builds = _order_builds(document, experiment)
        recorded = _index_recorded(experiment)
        for outcome in experiment.iter_outcomes():
            for idea in _iter_ideas(experiment, outcome, builds):
                if not any(idea.steps <= steps for steps in recorded.get(idea.cell, ())):
                    found.setdefault((idea.subject, idea.cell), _Proposal()).add(idea)
    best = sorted(found.items(), key=lambda item: (-item[1].weight, item[0][0], sorted(item[0][1])))
    return [_describe(subject, cell, proposal) for (subject, cell), proposal in best[:MAX_PROPOSALS]]


def _describe(subject: str, cell: Cell, proposal: _Proposal) -> ProposalDoc:
    reasons = [
        f"{why}: {listing_at_most(list(types), NAMED_TYPES, 'other data type', 'other data types')}"
        for why, types in proposal.reasons.items()
    ]
    return ProposalDoc(
        subject=subject,
        conditions=dict(sorted(cell)),
        steps=sorted(proposal.steps),
        reasons=reasons[:MAX_REASONS],
        weight=round(proposal.weight, 3),
    )


def _index_recorded(experiment: Experiment) -> dict[Cell, list[frozenset[str]]]:
    """Give the steps of the sessions that are there, by their conditions."""
    recorded: dict[Cell, list[frozenset[str]]] = {}
    for name, session in experiment.sessions.items():
        cell = frozenset(session.conditions.items())
        recorded.setdefault(cell, []).append(experiment.side.steps[name])
    return recorded


def _order_builds(document: AuditDocument, experiment: Experiment) -> list[str]:
    """Give the builds of a handset that were recorded or named, the oldest first."""
    assert document.case is not None
    handset = next((one for one in document.case.handsets if one.id == experiment.subject), None)
    named = handset.builds if handset is not None else []
    recorded = [
        session.conditions[BUILD] for session in experiment.sessions.values() if BUILD in session.conditions
    ]
    return [*named, *(build for build in dict.fromkeys(recorded) if build not in named)]


def _iter_ideas(experiment: Experiment, outcome: Outcome, builds: Sequence[str]) -> Iterator[Idea]:
    steps = _telling_steps(experiment, outcome)
    severity = float(2 ** SEVERITIES.index(outcome.sent.severity))
    for conditions, why, kind in (
        *_iter_splits(experiment, outcome),
        *_iter_newest(experiment, outcome, builds),
        *_iter_untried(experiment, outcome, builds),
    ):
        yield Idea(
            subject=experiment.subject,
            cell=frozenset(conditions.items()),
            steps=steps,
            why=why,
            data_type=outcome.sent.target.data_type,
            weight=kind * severity * (UP_TO_DATE if builds and conditions.get(BUILD) == builds[-1] else 1),
        )


def _telling_steps(experiment: Experiment, outcome: Outcome) -> frozenset[str]:
    """Give the steps of the timeline that it followed and that expose its data type, or else those that expose it."""
    exposing: set[str] = set()
    taken: set[str] = set()
    for name in outcome.seen:
        exposure = experiment.side.exposures[name].get(outcome.sent.target.data_type)
        exposing |= set(exposure.steps if exposure is not None else ())
        taken |= experiment.side.steps[name]
    return frozenset((outcome.sent.steps & exposing) or (exposing & taken))


Missing = tuple[Mapping[str, str], str, float]


def _iter_splits(experiment: Experiment, outcome: Outcome) -> Iterator[Missing]:
    """Change one condition at a time between the most telling sessions of which one saw it and one did not."""
    table = Table(experiment=experiment, outcome=outcome)
    known = Table(experiment=experiment.for_flow(outcome.sent), outcome=outcome)
    if any(known.splits(name) and known.contrasts(name) for name in known.experiment.factors):
        return  # nothing to split: the cause is known
    for one, other in experiment.telling_pairs(outcome):
        seen, not_seen = (experiment.sessions[name].conditions for name in (one, other))
        differences = sorted(experiment.differences(one, other) - {POSITION})
        declared = all(name in seen and name in not_seen for name in differences)
        if not declared or not 1 < len(differences) <= MAX_DIFFERENCES:
            continue
        why = f"tells {listing(differences)} apart"
        for name in differences:
            kind = SPLIT if table.splits(name) else SIDE
            yield {**not_seen, name: seen[name]}, why, kind
            yield {**seen, name: not_seen[name]}, why, kind


def _iter_newest(experiment: Experiment, outcome: Outcome, builds: Sequence[str]) -> Iterator[Missing]:
    """Repeat under the newest build what an older one sent, if no session of the newest tells."""
    if not builds:
        return
    newest = builds[-1]
    sessions = experiment.sessions
    telling = (*outcome.seen, *outcome.not_seen)
    if any(sessions[name].conditions.get(BUILD) == newest for name in telling):
        return
    for name in outcome.seen[-1:]:
        if BUILD in sessions[name].conditions:
            yield (
                {**sessions[name].conditions, BUILD: newest},
                f"tells whether {newest} still sends it",
                NEWEST,
            )


def _iter_untried(experiment: Experiment, outcome: Outcome, builds: Sequence[str]) -> Iterator[Missing]:
    """Try the other value of a condition that had but one, from the last session that saw it under the newest build."""
    seen = max(outcome.seen, key=lambda name: _age(experiment.sessions[name], builds))
    conditions = experiment.sessions[seen].conditions
    for factor, value in sorted(conditions.items()):
        values = OTHER_VALUES.get(_SERVICE if factor.startswith(_SERVICE) else factor, ())
        tried = {found.get(factor) for found in experiment.values.values()}
        if value in values and len(tried) == 1:
            other = next(one for one in values if one != value)
            yield {**conditions, factor: other}, f"tries {factor}={other}, which no session has", UNTRIED


def _age(session: SessionDoc, builds: Sequence[str]) -> int:
    build = session.conditions.get(BUILD)
    return builds.index(build) if build in builds else -1
