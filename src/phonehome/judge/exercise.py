"""Why the silence of one side says nothing: what it did not try, and what it could not see.

Something that one side sent and the other did not has stopped only if the other had a chance to send it, under
the same conditions, after the same steps, and would have been seen. Whatever speaks against that is a doubt. A
side without a doubt is silent after a number of exposures, and these bound the rate at which it may still send.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from phonehome.documents.case import SessionDoc
from phonehome.judge.consenting import doubt_consent
from phonehome.judge.reading import doubt_reading, unread_by_host
from phonehome.judge.sending import Sent, Target
from phonehome.judge.sides import HANDSET, Side, conditions_of
from phonehome.model.wording import data_type as write_data_type
from phonehome.model.wording import listing_at_most

DoubtKind = Literal[
    "timeline", "condition", "exposure", "step", "value", "consent", "coverage", "position", "weak"
]

CONSENT = "consent"
"""The word by which consent is counted among the conditions that are compared."""

MAX_NEAREST = 200
"""Sessions that are looked at for the one whose conditions come nearest."""

ValueKey = tuple[str, str]
"""A handset and the id of one of its values."""

NAMED = 4
"""Things that a sentence names before it counts the others."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason why silence says nothing."""

    kind: DoubtKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What it is worth that a side was not seen to send something.

    `sessions` are those that count, `exposures` their chances; None where no timeline tells.
    """

    doubts: tuple[Doubt, ...]
    exposures: int | None
    sessions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """A side that saw something and one that did not, and the conditions in which they are meant to differ.

    `unlike` are values that are others on either side, though they have the same id.
    """

    seen: Side
    silent: Side
    across: frozenset[str]
    unlike: frozenset[ValueKey] = frozenset()
    _nearest: dict[frozenset[tuple[str, str]], tuple[tuple[str, ...], str]] = field(default_factory=dict)
    _weighed: dict[Target, Silence] = field(default_factory=dict)

    def weigh(self, sent: Sent) -> Silence:
        """Say what the silence about something that the other side sent is worth."""
        if sent.target not in self._weighed:
            self._weighed[sent.target] = self._weigh(sent)
        return self._weighed[sent.target]

    def _weigh(self, sent: Sent) -> Silence:
        doubts = list(self._doubt_search(sent))
        if not self.silent.has_timeline:
            text = f"no timeline of {self.silent.name} tells whether it had a chance to be sent"
            doubts.append(Doubt("timeline", text))
            doubts += self._find_readable(sent, [""])[1]
            return Silence(doubts=tuple(doubts), exposures=None, sessions=())
        comparable, missing = self._find_comparable(sent)
        if missing:
            doubts.append(Doubt("condition", missing))
        tried, untried = self._find_exposed(sent, comparable)
        doubts += untried if comparable else ()
        if tried:
            tried, unread = self._find_readable(sent, tried)
            doubts += unread
            agreed, unasked = self._find_agreed(sent, tried)
            doubts += unasked
            return Silence(doubts=tuple(doubts), exposures=sum(agreed.values()), sessions=tuple(agreed))
        return Silence(doubts=tuple(doubts), exposures=0, sessions=())

    def weigh_session(self, sent: Sent, name: str) -> Silence:
        """Say what the silence of one session is worth, whatever its conditions and consents."""
        doubts = [Doubt("weak", "it has a weak trace")] if sent.target in self.silent.weak_in(name) else []
        tried, untried = self._find_exposed(sent, [name])
        doubts += untried
        if tried:
            tried, unread = self._find_readable(sent, tried)
            doubts += unread
        exposures = sum(self.silent.exposures[one][sent.target.data_type].count for one in tried)
        return Silence(doubts=tuple(doubts), exposures=exposures, sessions=tuple(tried))

    def _sessions_seen(self, sent: Sent) -> list[str]:
        return sorted(sent.sessions) if self.seen.has_timeline else [""]

    def _doubt_search(self, sent: Sent) -> Iterator[Doubt]:
        what = write_data_type(sent.target.data_type)
        if not self.silent.has_timeline and sent.target.data_type not in self.silent.searched_types:
            yield Doubt("value", f"no value of the type {what} was searched for in {self.silent.name}")
        if sent.target in self.silent.weak:
            yield Doubt("weak", f"{self.silent.name} has a weak trace of it, which may be an accident")

    def _find_agreed(self, sent: Sent, names: list[str]) -> tuple[dict[str, int], list[Doubt]]:
        """Give the sessions with as much consent as where it was sent, and, if none, why the first does not count.

        With each come its exposures that had that much.
        """
        if CONSENT in self.across:
            return {name: self.silent.exposures[name][sent.target.data_type].count for name in names}, []
        found = {
            name: doubt_consent(sent, self.silent.sessions[name], self.silent.document) for name in names
        }
        agreed = {name: count for name, (count, doubt) in found.items() if not doubt}
        return agreed, [] if agreed or not names else [Doubt("consent", found[names[0]][1])]

    def untried(self, sent: Sent) -> list[str]:
        """Name the sessions that saw it under conditions that the silent side has in none of its own."""
        if not self.seen.has_timeline or not self.silent.has_timeline:
            return []
        return [name for name in sorted(sent.sessions) if not self._match(self.seen.sessions[name])[0]]

    def comparable(self, sent: Sent) -> frozenset[str]:
        """Give the silent side's sessions under conditions under which the other side saw it."""
        return frozenset(self._find_comparable(sent)[0])

    def _find_comparable(self, sent: Sent) -> tuple[list[str], str]:
        """Give the silent side's sessions under conditions of those that saw it, and, if none, what is missing."""
        if not self.seen.has_timeline:
            unsaid = f"{self.seen.name} does not say under which conditions it was sent"
            return list(self.silent.sessions), unsaid
        found: dict[str, None] = {}
        reasons: list[str] = []
        for name in sorted(sent.sessions):
            matching, reason = self._match(self.seen.sessions[name])
            found.update(dict.fromkeys(matching))
            reasons += [reason] if reason else []
        if found:
            return list(found), ""
        return [], reasons[0] if reasons else f"{self.seen.name} does not say in which session it was sent"

    def _match(self, session: SessionDoc) -> tuple[tuple[str, ...], str]:
        """Find the sessions that differ in nothing that is not compared; remembered by conditions."""
        wanted = self._fixed(session)
        key = frozenset(wanted.items())
        if key not in self._nearest:
            fixed = self._silent_fixed
            matching = tuple(name for name, other in fixed.items() if other == wanted)
            self._nearest[key] = matching, "" if matching else self._explain(wanted, list(fixed.values()))
        return self._nearest[key]

    @cached_property
    def _silent_fixed(self) -> dict[str, dict[str, str]]:
        return {name: self._fixed(session) for name, session in self.silent.sessions.items()}

    def _fixed(self, session: SessionDoc) -> dict[str, str]:
        return {name: value for name, value in conditions_of(session).items() if name not in self.across}

    def _explain(self, wanted: dict[str, str], others: list[dict[str, str]]) -> str:
        """Name what the nearest session lacks."""
        if not others:
            return f"{self.silent.name} has no session"
        differences = [
            [name for name in sorted({*wanted, *other}) if wanted.get(name) != other.get(name)]
            for other in others[:MAX_NEAREST]
        ]
        nearest = min(differences, key=len)
        lacking = [f"{name}={wanted[name]}" for name in nearest if name in wanted]
        alone = [name for name in nearest if name not in wanted]
        words = listing_at_most(lacking, NAMED, "other", "others") if lacking else "the same conditions"
        reason = f"{self.silent.name} has no session with {words}"
        if alone:
            reason += f", and {listing_at_most(alone, NAMED, 'other', 'others')} is stated of it alone"
        return reason

    def _find_exposed(self, sent: Sent, comparable: list[str]) -> tuple[list[str], list[Doubt]]:
        """Give the sessions that gave it a chance after a step that it followed, and, if none, why not."""
        data_type = sent.target.data_type
        what = write_data_type(data_type)
        exposures = {name: self.silent.exposures[name].get(data_type) for name in comparable}
        exposed = [name for name, found in exposures.items() if found is not None and found.count]
        if not exposed:
            return [], [Doubt("exposure", f"no step of {self.silent.name} gave {what} a chance to be sent")]
        searched = [name for name in exposed if (found := exposures[name]) is not None and found.values]
        if not searched:
            return [], [Doubt("value", f"no value of the type {what} was searched for in {self.silent.name}")]
        steps = self._telling_steps(sent)
        done = [name for name in searched if not steps or steps & self.silent.steps[name]]
        if not done:
            named = listing_at_most(sorted(steps), NAMED, "other", "others")
            return [], [Doubt("step", f"{self.silent.name} did not take the step that it followed: {named}")]
        missing = self._unsearched(sent, done)
        if missing:
            named = listing_at_most([f"‹{ident}›" for ident in missing], NAMED, "other", "others")
            return done, [Doubt("value", f"{named}, which {self.seen.name} sent, was not searched for")]
        return done, []

    def _telling_steps(self, sent: Sent) -> frozenset[str]:
        """Give the steps that it followed: those that expose the data type if there are such among them."""
        sessions = sent.sessions if self.seen.has_timeline else ()
        exposures = (self.seen.exposures[name].get(sent.target.data_type) for name in sessions)
        exposing = {step for exposure in exposures if exposure is not None for step in exposure.steps}
        return sent.steps & exposing or sent.steps

    def _unsearched(self, sent: Sent, sessions: Iterable[str]) -> list[str]:
        """Give the values that the other side saw of the same handset, and that this one did not look for."""
        if HANDSET in self.across or not self.seen.has_timeline:
            return []
        subjects = {self.seen.sessions[name].subject for name in sent.sessions}
        same = [name for name in sessions if self.silent.sessions[name].subject in subjects]
        looked_for = {
            own_id(value, self.silent.sessions[name].subject)
            for name in same
            for value in self.silent.exposures[name][sent.target.data_type].values
        }
        looked_for -= {ident for subject, ident in self.unlike if subject in subjects}
        subject = min(subjects)
        seen = {own_id(value, subject) for value in sent.value_ids}
        return sorted(seen - looked_for) if same else []

    def _find_readable(self, sent: Sent, names: list[str]) -> tuple[list[str], list[Doubt]]:
        """Give the sessions that would have shown it, and, if none, why the first would not have."""
        seen = (self.seen, self._sessions_seen(sent))
        opaque = unread_by_host(seen)
        found = {
            name: [Doubt(*doubt) for doubt in doubt_reading(sent, seen, (self.silent, [name]), opaque)]
            for name in names
        }
        readable = [name for name in names if not found[name]]
        return (readable, []) if readable else ([], found[names[0]])


def own_id(value_id: str, subject: str) -> str:
    """Give the id of a value within its subject; where a case has several, the subject stands before it."""
    return value_id.removeprefix(f"{subject}/")
