"""Which condition causes which flow: a table of factors over the sessions of a handset.

A factor `causes` a flow only where two sessions that differ in nothing else show it: one saw the flow, the
other gave it a chance and did not see it. If several factors changed between the two, each of them `explains`
the flow and is confounded with the others: the lab of 2014 switched messaging and cloud on together, so nobody
can say which of them it was. A factor under several values of which the flow was seen is not needed for it.
Sessions of the same conditions that disagree prove that something undeclared matters, or chance; they are no
contrast.

What the services of the flow's host had been told is a factor like the others, as `consent.SERVICE`.

Steps are no factors here: a session without a step gave what the step exposes no chance, so that it decides
nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from phonehome.documents.audit import AuditDocument
from phonehome.documents.judgement import CauseDoc, FactorDoc, LevelDoc
from phonehome.judge.experiments import Experiment, Outcome, make_experiments
from phonehome.model.statistics import rate_bound
from phonehome.model.wording import count, listing, listing_at_most
from phonehome.model.wording import data_type as write_data_type

MAX_CAUSES = 300
"""Flows of all handsets together."""

MAX_CONTRASTS = 5
"""Pairs of sessions that are named for one factor."""

NAMED = 4


def find_causes(document: AuditDocument) -> list[CauseDoc]:
    """Say for every flow of a case which conditions cause it, as far as its sessions tell; the gravest flows first."""
    causes = [
        Table(experiment=experiment.for_flow(outcome.sent), outcome=outcome).describe()
        for experiment in make_experiments(document)
        for outcome in experiment.iter_outcomes()
    ]
    return causes[:MAX_CAUSES]


@dataclass(frozen=True, kw_only=True)
class Table:
    """One flow against all factors."""

    experiment: Experiment
    outcome: Outcome

    def describe(self) -> CauseDoc:
        """Put the table into the document's words."""
        sent = self.outcome.sent
        factors = [self._judge(name) for name in self.experiment.factors]
        return CauseDoc(
            data_type=sent.target.data_type,
            host=sent.target.host,
            organisation=min(sent.organisations, default=None),
            subject=self.experiment.subject,
            severity=sent.severity,
            seen=list(self.outcome.seen),
            not_seen=list(self.outcome.not_seen),
            undecided=list(self.outcome.undecided),
            mixed=bool(self.disputed),
            steps=sorted(sent.steps),
            factors=factors,
            sentence=self._write(factors),
        )

    @cached_property
    def disputed(self) -> set[int]:
        """Cells of which some sessions saw it and others did not."""
        cells = self.experiment.cells
        return {cells[name] for name in self.outcome.seen} & {cells[name] for name in self.outcome.not_seen}

    def splits(self, factor: str) -> bool:
        """Say whether the flow was seen under some of a factor's values and never under any other."""
        seen, not_seen = (self._values(factor, names) for names in (self.outcome.seen, self.outcome.not_seen))
        return bool(seen and not_seen) and not seen & not_seen and None not in seen | not_seen

    def _values(self, factor: str, names: Sequence[str]) -> set[str | None]:
        return {self.experiment.values[name].get(factor) for name in names}

    def _judge(self, factor: str) -> FactorDoc:
        levels = self._levels(factor)
        contrasts = self.contrasts(factor)
        confounded: list[str] = []
        verdict = "undecided"
        if len(levels) < 2:
            verdict = "untried"
        elif contrasts:
            verdict = "causes"
        elif self.splits(factor):
            verdict = "explains"
            confounded = self._confounded_with(factor)
        elif sum(bool(level.seen) for level in levels) > 1:
            verdict = "irrelevant"
        return FactorDoc.model_validate(
            {
                "name": factor,
                "verdict": verdict,
                "levels": levels,
                "confounded_with": confounded,
                "contrasts": contrasts,
            }
        )

    def _levels(self, factor: str) -> list[LevelDoc]:
        tried: dict[str, list[str]] = {}
        for name, values in self.experiment.values.items():
            if factor in values:
                tried.setdefault(values[factor], []).append(name)
        seen, undecided = set(self.outcome.seen), set(self.outcome.undecided)
        return [self._level(value, names, seen, undecided) for value, names in tried.items()]

    def _level(self, value: str, names: list[str], seen: set[str], undecided: set[str]) -> LevelDoc:
        exposures = sum(self.outcome.exposures.get(name, 0) for name in names)
        return LevelDoc(
            value=value,
            sessions=names,
            seen=[name for name in names if name in seen],
            undecided=[name for name in names if name in undecided],
            exposures=exposures,
            rate_bound=None if seen.intersection(names) else rate_bound(exposures),
        )

    def contrasts(self, factor: str) -> list[list[str]]:
        """Pair sessions that differ in this factor alone, of which one saw the flow and the other did not."""
        rests = self.experiment.rests(factor)
        seen: dict[int, str] = {}
        for name in self.outcome.seen:
            if self._counts(factor, name):
                seen.setdefault(rests[name], name)
        not_seen = (
            name for name in self.outcome.not_seen if rests[name] in seen and self._counts(factor, name)
        )
        return [[seen[rests[name]], name] for name in not_seen][:MAX_CONTRASTS]

    def _counts(self, factor: str, name: str) -> bool:
        return factor in self.experiment.values[name] and self.experiment.cells[name] not in self.disputed

    def _confounded_with(self, factor: str) -> list[str]:
        """Name what else splits in the same way, or else what else changed between the most telling sessions."""
        others = [name for name in self.experiment.factors if name != factor and self.splits(name)]
        if others:
            return others
        pairs = self.experiment.telling_pairs(self.outcome)
        changed = frozenset().union(*(self.experiment.differences(*pair) for pair in pairs))
        return sorted(changed - {factor})

    def _write(self, factors: list[FactorDoc]) -> str:
        sent = self.outcome.sent
        what = write_data_type(sent.target.data_type)
        head = f"{what[:1].upper()}{what[1:]} to {sent.target.host or 'a host without a name'}"
        clauses = [self._write_cause(factor) for factor in factors if factor.verdict == "causes"]
        clauses += self._write_confounded([factor for factor in factors if factor.verdict == "explains"])
        confounded = {name for factor in factors for name in factor.confounded_with}
        not_needed = [
            one.name for one in factors if one.verdict == "irrelevant" and one.name not in confounded
        ]
        if not_needed:
            clauses.append(f"not needed: {listing_at_most(not_needed, NAMED, 'other', 'others')}")
        if self.disputed:
            clauses.append(
                "sessions of the same conditions disagree, so chance or something undeclared has a part in it"
            )
        if not self.outcome.not_seen:
            clauses.insert(0, self._write_always())
        elif not clauses:
            clauses.append("no condition explains it")
        return f"{head}: {'; '.join(clauses)}."

    def _write_always(self) -> str:
        seen = count(len(self.outcome.seen), "session")
        others = len(self.outcome.undecided)
        cannot = f"; {count(others, 'other')} cannot tell" if others else ""
        return (
            f"seen in every session that tells ({seen}{cannot}), so that no condition is known to prevent it"
        )

    def _write_cause(self, factor: FactorDoc) -> str:
        seen, other = factor.contrasts[0]
        with_it, without = (self.experiment.values[name][factor.name] for name in (seen, other))
        exposures = next(level.exposures for level in factor.levels if level.value == without)
        return (
            f"{factor.name}={with_it} causes it: {seen} and {other} differ in nothing else, and with {without} it was "
            f"not seen ({count(self.outcome.exposures[other], 'exposure')} there, {exposures} in all)"
        )

    def _write_confounded(self, factors: list[FactorDoc]) -> list[str]:
        if not factors:
            return []
        values = [f"{one.name}={level.value}" for one in factors for level in one.levels if level.seen]
        together: dict[frozenset[str], tuple[str, str]] = {}
        for pair in self.experiment.telling_pairs(self.outcome):
            together.setdefault(self.experiment.differences(*pair), pair)
        changed = [
            f"{listing(sorted(names))} changed together between {other} and {one}"
            for names, (one, other) in list(together.items())[:NAMED]
        ]
        goes = listing_at_most(values, NAMED, "other", "others")
        return [f"goes with {goes}, but no session tells what causes it: {', and '.join(changed)}"]
