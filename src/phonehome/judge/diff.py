"""What became of each data type at each destination, from one side to another.

Three questions, in this order. Is the data type still sent, to the same host or to another one? Then how it
travels now is a detail of that: wrapped in TLS or Base64, it is sent all the same. Is it not seen any more?
Then it `stopped` only if the second side had a chance to send it and would have been seen, else it was
`not_exercised`. Is it seen for the first time? Then it is `new`, and whether the first side could have shown it
is said beside it.

Hosts are matched by name; then, per data type, hosts that one side alone has by their owner; then, if there is
one owner on each side and nothing else, by being the only ones. What is left has stopped, or is new.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from phonehome.documents.audit import AuditDocument
from phonehome.documents.diff import ChangeDoc, DiffDocument
from phonehome.judge.changes import (
    describe_gone,
    describe_match,
    describe_new,
    name_hosts,
    order_changes,
)
from phonehome.judge.exercise import DoubtKind, Pairing, ValueKey
from phonehome.judge.notes import write_notes
from phonehome.judge.reading import is_unread_at
from phonehome.judge.sending import Sent, Target
from phonehome.judge.sides import HANDSET, Side

CHANGES = ("new", "unwrapped", "moved", "wrapped", "still_sent", "not_exercised", "stopped")

_NO_OBSTACLE: frozenset[DoubtKind] = frozenset({"timeline", "exposure", "value"})
"""Doubts that do not keep a host from having been replaced by another of its owner, where the data type was seen."""

_BUILD = "build"
_SERVICE = "service."


def compare(
    before: AuditDocument,
    after: AuditDocument,
    *,
    names: tuple[str, str] = ("the first side", "the second side"),
    across: Collection[str] | None = None,
    unlike: Collection[ValueKey] | None = None,
) -> DiffDocument:
    """Compare two documents: of cases, of some of their sessions, or of bare recordings.

    Args:
        before: The first side.
        after: The second side.
        names: What to call them in sentences.
        across: Conditions in which they are meant to differ (`handset` is one); None to find them out.
        unlike: Values, by handset and id, that are others on the second side though both have the same id; None where
            nobody compared them, since documents do not hold them.
    """
    first, second = Side(name=names[0], document=before), Side(name=names[1], document=after)
    factors = _widen(frozenset(across), first, second) if across is not None else find_across(first, second)
    comparison = Comparison(
        forth=Pairing(seen=first, silent=second, across=factors, unlike=frozenset(unlike or ())),
        back=Pairing(seen=second, silent=first, across=factors, unlike=frozenset(unlike or ())),
    )
    changes = order_changes(comparison.iter_changes())
    return DiffDocument(
        before=first.describe(),
        after=second.describe(),
        across=sorted(factors),
        counts={name: sum(change.change == name for change in changes) for name in CHANGES},
        changes=changes,
        notes=write_notes(first, second, factors, given=across is not None, compared=unlike is not None),
    )


def find_across(first: Side, second: Side) -> frozenset[str]:
    """Find out in what two sides are meant to differ: the one condition of which they have no value in common.

    Another handset means other builds and other services too, and another build comes before whatever else
    differs. Where several conditions differ and none of them is either, nobody can tell which is meant, and
    none is taken.
    """
    both = first.conditions.keys() & second.conditions.keys()
    apart = {name for name in both if not set(first.conditions[name]) & set(second.conditions[name])}
    if HANDSET in apart:
        return _widen(frozenset({HANDSET}), first, second)
    if _BUILD in apart:
        return frozenset({_BUILD})
    return frozenset(apart if len(apart) == 1 else ())


def _widen(across: frozenset[str], first: Side, second: Side) -> frozenset[str]:
    """Let another handset have another build, and services that the other does not have."""
    if HANDSET not in across:
        return across
    one_sided = first.conditions.keys() ^ second.conditions.keys()
    return across | {_BUILD} | {name for name in one_sided if name.startswith(_SERVICE)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two sides, weighed in both directions."""

    forth: Pairing
    back: Pairing

    def iter_changes(self) -> Iterator[ChangeDoc]:
        """Give every change, by direction and data type."""
        groups: dict[tuple[str, str], tuple[dict[Target, Sent], dict[Target, Sent]]] = defaultdict(
            lambda: ({}, {})
        )
        for place, side in enumerate((self.forth.seen, self.forth.silent)):
            for target, sent in side.sent.items():
                groups[target.direction, target.data_type][place][target] = sent
        owners = _name_owners([*self.forth.seen.sent.values(), *self.forth.silent.sent.values()])
        for was, now in groups.values():
            yield from self._compare_type(was, now, owners)

    def _compare_type(
        self, was: dict[Target, Sent], now: dict[Target, Sent], owners: dict[str, str]
    ) -> Iterator[ChangeDoc]:
        for target in was.keys() & now.keys():
            yield describe_match([was[target]], [now[target]], self.forth)
        gone = [sent for target, sent in was.items() if target not in now]
        fresh = [sent for target, sent in now.items() if target not in was]
        pairs = list(self._match_owners(gone, fresh, owners))
        if not pairs and not was.keys() & now.keys() and self._are_lone(gone, fresh, owners):
            pairs = [(gone, fresh)]
        for old, new in pairs:
            yield describe_match(old, new, self.forth)
        hosts_before, hosts_now = name_hosts(was.values()), name_hosts(now.values())
        matched = {sent.target for old, new in pairs for sent in (*old, *new)}
        for sent in gone:
            if sent.target not in matched:
                yield describe_gone(sent, self.forth, hosts_now)
        for sent in fresh:
            if sent.target not in matched:
                yield describe_new(sent, self.back, hosts_before)

    def _match_owners(
        self, gone: list[Sent], fresh: list[Sent], owners: dict[str, str]
    ) -> Iterator[tuple[list[Sent], list[Sent]]]:
        """Pair what one owner's hosts were sent before with what its other hosts are sent now."""
        old = _by_owner([sent for sent in gone if self._is_replaceable(sent, self.forth)], owners)
        new = _by_owner([sent for sent in fresh if self._is_replaceable(sent, self.back)], owners)
        for owner in old.keys() & new.keys():
            yield old[owner], new[owner]

    def _are_lone(self, gone: list[Sent], fresh: list[Sent], owners: dict[str, str]) -> bool:
        """Say whether each side has one owner alone, and could have shown the other's."""
        if len(_by_owner(gone, owners)) != 1 or len(_by_owner(fresh, owners)) != 1:
            return False
        doubted = [bool(self.forth.weigh(sent).doubts) for sent in gone]
        return not any(doubted) and not any(self.back.weigh(sent).doubts for sent in fresh)

    @staticmethod
    def _is_replaceable(sent: Sent, pairing: Pairing) -> bool:
        """Say whether nothing hints at its being sent to the old host still, or under other conditions only."""
        silence = pairing.weigh(sent)
        names = silence.sessions or tuple(pairing.silent.readable)
        hidden = is_unread_at((pairing.silent, names), sent.target.host)
        return not hidden and {doubt.kind for doubt in silence.doubts} <= _NO_OBSTACLE


def _name_owners(everything: Collection[Sent]) -> dict[str, str]:
    """Give each registrable domain the organisation that any of its hosts is known to belong to."""
    return {
        domain: organisation
        for sent in everything
        for domain in sent.domains
        for organisation in sorted(sent.organisations)
    }


def _by_owner(group: Collection[Sent], owners: dict[str, str]) -> dict[str, list[Sent]]:
    """Gather what has the same owner: the organisation, or else the registrable domain, or else the host alone."""
    found: dict[str, list[Sent]] = defaultdict(list)
    for sent in group:
        domain = min(sent.domains, default="")
        organisation = min(sent.organisations, default=owners.get(domain, ""))
        found[organisation or f"domain {domain or sent.target.host or ''}"].append(sent)
    return found
