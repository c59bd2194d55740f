"""The sessions of one handset as an experiment: what was tried, and what each session says about a flow.

A session decides about a flow if it saw it, or if it gave it a chance and would have shown it. All others are
undecided: a condition under which nobody added a contact says nothing about contacts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from phonehome.documents.audit import AuditDocument
from phonehome.documents.case import SessionDoc
from phonehome.judge.consenting import serving, states_at_chances
from phonehome.judge.exercise import Pairing
from phonehome.judge.sending import SEVERITIES, Sent
from phonehome.judge.sides import Side, choose_sessions

MAX_SESSIONS = 200
MAX_FACTORS = 40
MAX_FLOWS = 200
"""Sessions of a handset, conditions and flows that are put into the table; of flows the gravest."""

MAX_SERVICES = 10
"""Services of one host."""

MAX_PAIRS = 2000
MAX_TELLING = 8
"""Pairs of sessions that are compared, and those of the most telling that are taken."""

POSITION = "position"
"""Where it was recorded; a factor where sessions of a handset differ in it."""

CONSENT = "consent."
"""Before the id of a service: what it had been told, a factor of what is sent to its hosts."""

UNSTATED = "not stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the sessions of a handset say about one flow.

    `exposures` counts, for the sessions that decide, the chances that they gave it.
    """

    sent: Sent
    seen: tuple[str, ...]
    not_seen: tuple[str, ...]
    undecided: tuple[str, ...]
    exposures: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """The sessions of one handset, and by which factors they differ.

    `consents` are factors of one flow, by session, beside those that sessions have; `plain` is the same without them.
    """

    subject: str
    sessions: dict[str, SessionDoc]
    document: AuditDocument
    plain: "Experiment | None" = None
    consents: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    _variants: dict[frozenset[tuple[str, str, str]], "Experiment"] = field(default_factory=dict)
    _rests: dict[str, dict[str, int]] = field(default_factory=dict)
    _differences: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    @cached_property
    def side(self) -> Side:
        """The handset's sessions as a side of comparisons."""
        if self.plain is not None:
            return self.plain.side
        return Side(name=self.subject, document=choose_sessions(self.document, self.sessions.keys()))

    def for_flow(self, sent: Sent) -> "Experiment":
        """Give the same with what the services of a flow's host had been told as factors, where that is written down.

        Compared are the moments at which the data type had a chance to be sent.
        """
        consents: dict[str, dict[str, str]] = {name: {} for name in self.sessions}
        for service in serving(self.document, sent.target.host)[:MAX_SERVICES]:
            states = {
                name: states_at_chances(session, sent.target.data_type, service.id)
                for name, session in self.sessions.items()
            }
            if any(state is not None for found in states.values() for state in found):
                for name, found in states.items():
                    words = [UNSTATED if state is None else state.replace("_", " ") for state in found]
                    consents[name][CONSENT + service.id] = " → ".join(words)
        items = frozenset((name, *item) for name, found in consents.items() for item in found.items())
        if not items:
            return self
        if items not in self._variants:
            self._variants[items] = Experiment(
                subject=self.subject,
                sessions=self.sessions,
                document=self.document,
                plain=self,
                consents=consents,
            )
        return self._variants[items]

    @cached_property
    def values(self) -> dict[str, dict[str, str]]:
        """The factors of every session."""
        positions = {session.position for session in self.sessions.values()}
        found = {}
        for name, session in self.sessions.items():
            found[name] = {
                factor: session.conditions[factor] for factor in sorted(session.conditions)[:MAX_FACTORS]
            }
            if len(positions) > 1:
                found[name].setdefault(POSITION, session.position)
            found[name].update(self.consents.get(name, {}))
        return found

    @cached_property
    def factors(self) -> list[str]:
        """The names of all factors."""
        return sorted({factor for values in self.values.values() for factor in values})[:MAX_FACTORS]

    @cached_property
    def cells(self) -> dict[str, int]:
        """Number the sessions by their factors: those with the same number differ in nothing."""
        return _number({name: frozenset(values.items()) for name, values in self.values.items()})

    def rests(self, factor: str) -> dict[str, int]:
        """Number the sessions by everything but one factor: those with the same number differ in nothing else."""
        if factor not in self._rests:
            self._rests[factor] = _number(
                {
                    name: frozenset(item for item in values.items() if item[0] != factor)
                    for name, values in self.values.items()
                }
            )
        return self._rests[factor]

    def differences(self, one: str, other: str) -> frozenset[str]:
        """Name the factors in which two sessions differ."""
        key = (one, other)
        if key not in self._differences:
            first, second = self.values[one], self.values[other]
            self._differences[key] = frozenset(
                name for name in self.factors if first.get(name) != second.get(name)
            )
        return self._differences[key]

    def iter_outcomes(self) -> Iterator[Outcome]:
        """Weigh every session for every flow that was seen, the gravest first."""
        flows = [sent for sent in self.side.sent.values() if sent.target.direction == "up"]
        flows.sort(
            key=lambda sent: (-SEVERITIES.index(sent.severity), sent.target.data_type, sent.target.host or "")
        )
        pairing = Pairing(seen=self.side, silent=self.side, across=frozenset())
        for sent in flows[:MAX_FLOWS]:
            yield self._weigh(sent, pairing)

    def _weigh(self, sent: Sent, pairing: Pairing) -> Outcome:
        not_seen, undecided = [], []
        exposures: dict[str, int] = {}
        for name in self.sessions:
            found = self.side.exposures[name].get(sent.target.data_type)
            if name in sent.sessions:
                exposures[name] = found.count if found is not None else 0
                continue
            silence = pairing.weigh_session(sent, name)
            if silence.doubts or not silence.exposures:
                undecided.append(name)
            else:
                not_seen.append(name)
                exposures[name] = silence.exposures
        return Outcome(
            sent=sent,
            seen=tuple(name for name in self.sessions if name in sent.sessions),
            not_seen=tuple(not_seen),
            undecided=tuple(undecided),
            exposures=exposures,
        )

    def telling_pairs(self, outcome: Outcome) -> list[tuple[str, str]]:
        """Pair sessions that saw it with sessions that did not, leaving out what a nearer pair says better.

        Whatever causes the flow is among the factors in which a pair differs. A pair that differs in all that another
        differs in, and in more, adds nothing.
        """
        pairs = [(one, other) for one in outcome.seen for other in outcome.not_seen][:MAX_PAIRS]
        pairs.sort(key=lambda pair: len(self.differences(*pair)))
        found: dict[tuple[str, str], frozenset[str]] = {}
        for pair in pairs:
            differences = self.differences(*pair)
            if not any(nearer < differences for nearer in found.values()):
                found[pair] = differences
                if len(found) == MAX_TELLING:
                    break
        return list(found)


def _number(keys: dict[str, frozenset[tuple[str, str]]]) -> dict[str, int]:
    numbers: dict[frozenset[tuple[str, str]], int] = {}
    return {name: numbers.setdefault(key, len(numbers)) for name, key in keys.items()}


def make_experiments(document: AuditDocument) -> list[Experiment]:
    """Gather the sessions of a case by their handset."""
    sessions: dict[str, dict[str, SessionDoc]] = {}
    for session in document.case.sessions if document.case is not None else []:
        of_subject = sessions.setdefault(session.subject, {})
        if len(of_subject) < MAX_SESSIONS:
            of_subject[session.id] = session
    return [
        Experiment(subject=subject, sessions=found, document=document)
        for subject, found in sorted(sessions.items())
    ]
