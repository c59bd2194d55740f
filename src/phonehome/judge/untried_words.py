"""Whether any session tried the steps and the states of consent that a rule names.

A rule on what is sent after a refusal means nothing where nobody ever refused, one on what follows a step nothing where
nobody took it. Which it speaks of is asked of the rule: whether it could be met there, and not without.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import zip_longest

from phonehome.documents.case import ConsentDoc, SessionDoc
from phonehome.judge.rule_context import Record, RuleContexts
from phonehome.judge.tested import HandsetBuild, is_tried
from phonehome.model import wording
from phonehome.model.session import ConsentState
from phonehome.model.subject import DataType
from phonehome.rules import Outcome, Rule
from phonehome.rules.times import parse_time
from phonehome.rules.unknowns import Blank, Same

_GENERAL = len(ConsentState) // 2
"""A rule that holds under more states than this names none: it says which it leaves out."""
_CONSENT = ("flow.consent", "session.consents")
_FLOWS = frozenset({"flow", "flows"})


def untried_words(rule: Rule, tested: HandsetBuild, contexts: RuleContexts) -> tuple[str, bool] | None:
    """Say which steps or states of consent that a rule names no session tried; None if all were.

    Returns:
        The reason, and whether it was tested in part: some data that it speaks of had a chance to be seen.
    """
    prober = _Prober(rule, tested, contexts)
    steps = list(prober.untried_steps()) if "steps" in rule.text else []
    if steps:
        return f"no session took {wording.listing(steps)}", prober.is_tested_in_part
    states = prober.untried_states() if not rule.words.isdisjoint(ConsentState) else None
    if states is None:
        return None
    named = " or ".join(state.replace("_", " ") for state in states) or "as it asks for"
    to = f" to {wording.listing(sorted(prober.services))}" if prober.services else ""
    return f"in no session consent{to} was {named}", prober.is_tested_in_part


class _Prober:
    """Asks one rule what it could say in the sessions of one handset build."""

    def __init__(self, rule: Rule, tested: HandsetBuild, contexts: RuleContexts) -> None:
        self._rule = rule
        self._sessions = tested.sessions
        self._contexts = contexts
        self.services = frozenset(
            name.split(".")[2]
            for name in rule.fields
            if name.startswith(("flow.consents.", "session.consents."))
        )
        self.is_tested_in_part = False
        self._kinds: dict[str, list[DataType]] = {}

    def untried_steps(self) -> Iterator[str]:
        """Give the steps that the rule could be met by, and that no session took while it was recorded."""
        spoken: dict[str, None] = {}
        taken: set[str] = set()
        for session in self._sessions:
            done = set(self._taken(session))
            self._note_part(session)
            every = self._rule.words | done
            alone, whole = self._may_follow(session, ()), self._may_follow(session, every)
            for word in sorted(self._rule.words):
                is_enough = not alone and self._may_follow(session, {word})
                if is_enough or (whole and not self._may_follow(session, every - {word})):
                    spoken[word] = None
                    taken |= {word} & done
        yield from (word for word in spoken if word not in taken)

    def _may_follow(self, session: SessionDoc, steps: Iterable[str]) -> bool:
        known: Record = {"steps": sorted(steps)}
        return bool(self._concerned(session, known, known))

    def _taken(self, session: SessionDoc) -> Iterator[str]:
        last = self._moment(session, "last")
        for step in session.steps:
            at = parse_time(step.at)
            if last is None or at is None or at <= last:
                yield step.id

    def untried_states(self) -> list[str] | None:
        """Give the states that the rule could be met under and no session had; None if it was tried as it asks."""
        spoken: dict[str, None] = {}
        tried: set[str] = set()
        is_open = False
        for session in self._sessions:
            self._note_part(session)
            had = self._states_of(session)
            is_open |= bool(self._concerned(session, {}, {"consents": Blank()}))
            for state in (*ConsentState, None):
                found = self._concerned(session, *_under(state))
                if not found:
                    continue
                name = "unknown" if state is None else state.value
                spoken[name] = None
                # Of a host that serves no service nobody knows a state: that is tried in every session.
                if (state is None or state.value in had) and self._had_chance(session, found):
                    tried.add(name)
        missing = [name for name in spoken if name not in tried]
        if not spoken:
            return [] if is_open else None
        if not missing or (len(spoken) > _GENERAL and tried):
            return None
        return missing if len(spoken) <= _GENERAL else []

    def _states_of(self, session: SessionDoc) -> set[str]:
        """Give the states that services had at any moment of a recording."""
        by_service: dict[str, list[ConsentDoc]] = {}
        for entry in session.consent:
            if not self.services or entry.service in self.services:
                by_service.setdefault(entry.service, []).append(entry)
        first, last = self._moment(session, "first"), self._moment(session, "last")
        found: set[str] = set()
        for entries in by_service.values():
            for entry, after in zip_longest(entries, entries[1:]):
                at, end = parse_time(entry.at), parse_time(after.at) if after is not None else None
                too_late = last is not None and at is not None and at > last
                too_early = first is not None and end is not None and end <= first
                found |= set() if too_late or too_early else {entry.state}
        return found

    def _concerned(self, session: SessionDoc, flow: Record, of_session: Record) -> set[DataType] | bool:
        """Give the data types of which a flow with these parts may meet the rule, or whether the session may."""
        context = self._contexts.session(session)
        known = context["session"]
        assert isinstance(known, Mapping)
        context = {**context, "session": {**known, **of_session}}
        if self._rule.variables.isdisjoint(_FLOWS):
            return self._rule.evaluate(context) is not Outcome.FALSE
        if session.id not in self._kinds:  # those of which it never speaks need not be asked again
            open_ = {**context, "session": {**known, "steps": None, "consents": Blank()}}
            self._kinds[session.id] = [
                kind for kind in DataType if self._may_hold(open_, kind, {}, known["conditions"])
            ]
        kinds = self._kinds[session.id]
        return {kind for kind in kinds if self._may_hold(context, kind, flow, known["conditions"])}

    def _may_hold(self, context: Record, kind: DataType, parts: Record, conditions: object) -> bool:
        told = {"data_type": kind.value, "weak": False, "conditions": conditions, **parts}
        return any(
            self._rule.evaluate({**context, "flow": flow, "flows": [flow]}) is not Outcome.FALSE
            for flow in (told, Blank(told))
        )

    def _had_chance(self, session: SessionDoc, found: set[DataType] | bool) -> bool:
        return found is True or (isinstance(found, set) and any(is_tried(session, kind) for kind in found))

    def _note_part(self, session: SessionDoc) -> None:
        """Keep whether data that the rule speaks of had a chance, whatever steps and states."""
        found = self._concerned(session, {}, {"steps": None, "consents": Blank()})
        self.is_tested_in_part |= isinstance(found, set) and self._had_chance(session, found)

    def _moment(self, session: SessionDoc, name: str) -> datetime | None:
        known = self._contexts.session(session)["session"]
        assert isinstance(known, Mapping)
        moment = known[name]
        return moment if isinstance(moment, datetime) else None


def _under(state: ConsentState | None) -> tuple[Record, Record]:
    """Give a flow and a session whose services all had one state of consent."""
    if state is None:
        return {"consent": None, "consents": {}, "consent_states": [None]}, {"consents": {}}
    consents = Same(state.value)
    return (
        {"consent": state.value, "consents": consents, "consent_states": [state.value]},
        {"consents": consents},
    )
