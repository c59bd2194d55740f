"""Which builds are affected, and which are fixed: a word that is given only where the same experiment was repeated.

"Not seen" is no fix. A build counts as fixed only if everything that an older build sent was exercised again, under the
same conditions and from the same place, with the same values known, by sessions that could be read as well, and was not
seen. What goes elsewhere now, or in another wrapping, is still sent; what went to where part of the bytes stayed closed
may be.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from phonehome.documents.advisory import BuildDoc, BuildState, HandsetNoticeDoc
from phonehome.documents.case import CaseDoc, CaseHandsetDoc, HostShareDoc, SessionDoc
from phonehome.documents.judgement import DecisionDoc
from phonehome.reports import words
from phonehome.reports.advisory.items import BUILD, Item, build_of

COVERAGE_SLACK = 0.05
"""How much smaller the share of bytes that could be read may be than that of the session compared with."""
CONFIDENCE = 0.95
REASONS_HELD = 12
"""Reasons that stand beside one build; the rest is counted."""
LABELS_HELD = 12
"""Destinations named in one reason."""


def rate_bound(exposures: int) -> float:
    """Give the highest rate per exposure that so many exposures without a sighting still allow (95 %)."""
    return 1.0 - float((1.0 - CONFIDENCE) ** (1.0 / exposures))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether one item is fixed in one build, and why (not); `lead` and `reason` stand around the item's name."""

    item: Item
    fixed: bool
    lead: str
    reason: str


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
                found[number] = _compare(item, before, self.sessions([build]), self._elsewhere(item, build))
        return found

    def _elsewhere(self, item: Item, build: str) -> Item | None:
        """Give where the data type goes in this build although no older build sent it there."""
        place = self.handset.builds.index(build)
        for other in self.items:
            here = other.data_type == item.data_type and other.sessions_of(self.handset.id, [build])
            if here and not other.sessions_of(self.handset.id, self.handset.builds[:place]):
                return other
        return None


def _compare(item: Item, before: list[SessionDoc], now: list[SessionDoc], elsewhere: Item | None) -> Answer:
    """Hold the sessions of a build against those that showed the item in an older one."""

    def answer(lead: str, reason: str, *, fixed: bool = False) -> Answer:
        return Answer(item=item, fixed=fixed, lead=lead, reason=reason)

    if elsewhere is not None:
        return answer("Moved", f"It now goes to {elsewhere.destination}.")
    pairs = [(new, old) for new in now for old in before if _alike(new, old)]
    if not pairs:
        return answer("Not tested under the same conditions", _unlike(before, now))
    exercised = [(new, old) for new, old in pairs if _exposures(new, item)]
    if not exercised:
        return answer("Not exercised", "No step of a session with the same conditions exposed it.")
    poor = {new.id: reason for new, old in exercised if (reason := _poorly_read(new, old, item)) is not None}
    good = {new.id: new for new, _ in exercised if new.id not in poor}
    if not good:
        name, reason = next(iter(poor.items()))
        return answer("Not seen, but badly covered", f"In session {name} {reason}.")
    number = sum(_exposures(session, item) for session in good.values())
    return answer(
        "No longer seen",
        f"Exercised {words.count(number, 'time')} under the same conditions; a rate of up to "
        f"{100 * rate_bound(number):.0f} % remains possible (95 % confidence).",
        fixed=True,
    )


def _factors(session: SessionDoc) -> dict[str, str]:
    return {name: value for name, value in session.conditions.items() if name != BUILD}


def _alike(new: SessionDoc, old: SessionDoc) -> bool:
    return _factors(new) == _factors(old) and new.position == old.position


def _unlike(before: list[SessionDoc], now: list[SessionDoc]) -> str:
    """Say in what the nearest pair of sessions differs."""
    different: list[list[str]] = []
    for new in now:
        for old in before:
            ours, theirs = _factors(new), _factors(old)
            names = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
            found = [f"{n}={ours.get(n, 'unknown')} instead of {theirs.get(n, 'unknown')}" for n in names]
            if new.position != old.position:
                found.append(f"recorded at the {new.position} instead of the {old.position}")
            different.append(found)
    return f"It was not seen, but with {words.listing(sorted(different, key=len)[0])}."


def _exposures(session: SessionDoc, item: Item) -> int:
    """Count the chances that the session gave to the values that were seen before."""
    return sum(
        exposure.count
        for exposure in session.exposures
        if exposure.data_type == item.data_type and item.value_ids & set(exposure.values)
    )


def _poorly_read(new: SessionDoc, old: SessionDoc, item: Item) -> str | None:
    """Say why "not seen" means little in a session; None if it was read as well as the one compared with."""
    if not new.coverage.exchanges or not new.coverage.read:
        return "nothing that the handset sent could be read"
    if new.lost_problems:
        return f"{words.count(new.lost_problems, 'problem')} lost part of the recording"
    for share in new.destinations:
        unread = share.closed + share.unreadable + share.lost
        if unread and _may_be(share, item):
            return f"{words.size(unread)} to {share.host or share.address or 'an unnamed host'} could not be read"
    if _read_share(new) < _read_share(old) - COVERAGE_SLACK:
        return (
            f"only {100 * _read_share(new):.0f} % of what was sent could be read, "
            f"against {100 * _read_share(old):.0f} % in session {old.id}"
        )
    return None


def _may_be(share: HostShareDoc, item: Item) -> bool:
    """Tell whether bytes to a destination may hold the item: same host, domain or owner, or nobody knows whose."""
    if share.host == item.host or (share.host is None and share.organisation is None):
        return True
    if item.organisation is not None and share.organisation == item.organisation:
        return True
    return any(
        share.host is not None and (share.host == domain or share.host.endswith(f".{domain}"))
        for domain in item.domains
    )


def _read_share(session: SessionDoc) -> float:
    total = session.coverage.bytes_up
    return session.coverage.read / total if total else 1.0
