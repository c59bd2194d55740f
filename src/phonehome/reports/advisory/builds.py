"""Which builds are affected, and which are fixed: a word that `fixes` gives only where the experiment was repeated."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from phonehome.documents.advisory import BuildDoc, BuildState, HandsetNoticeDoc
from phonehome.documents.case import CaseDoc, CaseHandsetDoc, SessionDoc
from phonehome.documents.judgement import DecisionDoc
from phonehome.reports import words
from phonehome.reports.advisory.fixes import Answer, compare
from phonehome.reports.advisory.items import Item, build_of

REASONS_HELD = 12
"""Reasons that stand beside one build; the rest is counted."""
LABELS_HELD = 12
"""Destinations named in one reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildsJudged:
    """All handsets, and for each item (by its place in the list) the builds in which it is fixed."""

    handsets: list[HandsetNoticeDoc]
    fixed_in: list[list[str]]


def judge_builds(case: CaseDoc, items: Sequence[Item]) -> BuildsJudged:
    """Say of every build of every handset what the sessions say."""
    decisions = case.judgement.decisions if case.judgement is not None else []
    fixed_in: list[list[str]] = [[] for _ in items]
    handsets = []
    for handset in _handsets(case):
        view = _Handset(case=case, handset=handset, items=items)
        docs = []
        for build in view.builds:
            answers = view.answers(build)
            for number, answer in answers.items():
                if answer.fixed and build is not None:
                    fixed_in[number].append(f"{handset_name(handset)} {build}")
            docs.append(_build(view, build, answers, decisions))
        handsets.append(
            HandsetNoticeDoc(
                id=handset.id,
                name=handset_name(handset),
                make=handset.make,
                model=handset.model,
                builds=docs,
            )
        )
    return BuildsJudged(handsets=handsets, fixed_in=fixed_in)


def handset_name(handset: CaseHandsetDoc) -> str:
    """Name a handset by make and model, or else by what there is."""
    made = " ".join(part for part in (handset.make, handset.model) if part)
    return made or handset.name or handset.id


def _handsets(case: CaseDoc) -> list[CaseHandsetDoc]:
    """Give the case's handsets, and one for every subject of a session that names none of them."""
    known = {handset.id for handset in case.handsets}
    strays = dict.fromkeys(session.subject for session in case.sessions if session.subject not in known)
    return [
        *case.handsets,
        *(CaseHandsetDoc(id=name, name=None, make=None, model=None, builds=[]) for name in strays),
    ]


def _build(
    view: "_Handset", build: str | None, answers: dict[int, Answer], decisions: list[DecisionDoc]
) -> BuildDoc:
    sessions = view.sessions([build])
    state, why = _state(view, build, answers)
    found = next((d for d in decisions if d.subject == view.handset.id and d.build == build), None)
    if len(why) > REASONS_HELD:
        why = [*why[:REASONS_HELD], f"and {len(why) - REASONS_HELD} more"]
    return BuildDoc(
        build=build,
        state=state,
        why=why,
        sessions=[session.id for session in sessions],
        decision=found.decision if found is not None else None,
        decision_reason=found.reason if found is not None else None,
    )


def _state(view: "_Handset", build: str | None, answers: dict[int, Answer]) -> tuple[BuildState, list[str]]:
    sessions = view.sessions([build])
    if not sessions:
        return "not_tested", ["No session was recorded with this build."]
    sent = [item for item in view.items if item.sessions_of(view.handset.id, [build])]
    said = _sentences(answers.values())
    if sent:
        return "affected", [f"Sent: {_labels(sent)}.", *_wrapped(view, build, sent), *said]
    if answers:
        return ("fixed" if all(answer.fixed for answer in answers.values()) else "undecided"), said
    if view.is_stray(build) and view.sent_anywhere:
        return "undecided", [
            "The order of this build among the others is not known, so it cannot be called newer "
            "than an affected one."
        ]
    exercised = sorted({e.data_type for s in sessions for e in s.exposures if e.count and e.values})
    if not exercised:
        return "undecided", ["No step gave a known value the chance to be sent."]
    named = words.listing_at_most(
        [words.data_type(name) for name in exercised], 6, "more data type", "more data types"
    )
    return "not_seen", [f"Exercised and not seen: {named}. “Not seen” is not “not sent”."]


def _wrapped(view: "_Handset", build: str | None, sent: list[Item]) -> list[str]:
    """Say what older builds sent in cleartext and this one does not: still sent, and no fix."""
    if build is None or view.is_stray(build):
        return []
    older = view.handset.builds[: view.handset.builds.index(build)]
    found = [
        item
        for item in sent
        if "cleartext" in item.transports_of(view.handset.id, older)
        and "cleartext" not in item.transports_of(view.handset.id, [build])
    ]
    return (
        [f"Encrypted on the way now, in cleartext before: {_labels(found)}. It is still sent."]
        if found
        else []
    )


def _sentences(answers: Iterable[Answer]) -> list[str]:
    """Write the answers, those that differ in nothing but the item as one."""
    groups: dict[tuple[str, str], list[Item]] = {}
    for answer in answers:
        groups.setdefault((answer.lead, answer.reason), []).append(answer.item)
    return [f"{lead}: {_labels(items)}. {reason}".rstrip() for (lead, reason), items in groups.items()]


def _labels(items: Sequence[Item]) -> str:
    """Name items by destination: “IMEI and phone number to api.example.com (Example)”."""
    groups: dict[str, list[str]] = {}
    for item in items:
        groups.setdefault(item.destination, []).append(words.data_type(item.data_type))
    parts = [f"{words.listing(names)} to {where}" for where, names in groups.items()]
    return "; ".join(parts[:LABELS_HELD]) + (
        f"; and to {words.count(len(parts) - LABELS_HELD, 'more destination')}"
        if len(parts) > LABELS_HELD
        else ""
    )


@dataclass(frozen=True, kw_only=True)
class _Handset:
    """One handset with its builds in order; builds that only sessions name come last."""

    case: CaseDoc
    handset: CaseHandsetDoc
    items: Sequence[Item]

    @property
    def builds(self) -> list[str | None]:
        named = dict.fromkeys(build_of(s) for s in self.case.sessions if s.subject == self.handset.id)
        return [*self.handset.builds, *(build for build in named if build not in self.handset.builds)]

    def is_stray(self, build: str | None) -> bool:
        return build not in self.handset.builds

    @property
    def sent_anywhere(self) -> bool:
        return any(item.sessions_of(self.handset.id, self.builds) for item in self.items)

    def sessions(self, builds: Sequence[str | None]) -> list[SessionDoc]:
        return [s for s in self.case.sessions if s.subject == self.handset.id and build_of(s) in builds]

    def answers(self, build: str | None) -> dict[int, Answer]:
        """Say of every item that an older build sent, and this one was not seen to send, whether that is fixed."""
        if build is None or self.is_stray(build) or not self.sessions([build]):
            return {}
        place = self.handset.builds.index(build)
        older, newer = self.handset.builds[:place], self.handset.builds[place + 1 :]
        found = {}
        for number, item in enumerate(self.items):
            before = item.sessions_of(self.handset.id, older)
            if not before or item.sessions_of(self.handset.id, [build]):
                continue
            again = [name for name in newer if item.sessions_of(self.handset.id, [name])]
            if again:
                found[number] = Answer(
                    item=item,
                    fixed=False,
                    lead="Not seen here",
                    reason=f"It was seen again in build {again[0]}.",
                )
            else:
                found[number] = compare(item, before, self.sessions([build]), self._elsewhere(item, build))
        return found

    def _elsewhere(self, item: Item, build: str) -> Item | None:
        """Give where the data type goes in this build although no older build sent it there."""
        place = self.handset.builds.index(build)
        for other in self.items:
            here = other.data_type == item.data_type and other.sessions_of(self.handset.id, [build])
            if here and not other.sessions_of(self.handset.id, self.handset.builds[:place]):
                return other
        return None
