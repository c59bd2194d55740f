"""What a reader of a comparison has to know about its two sides before anything else."""

from collections.abc import Collection, Iterator

from phonehome.judge.sides import HANDSET, Side
from phonehome.model.wording import count, listing, listing_at_most

NAMED = 6

FAR_LESS = 0.1
"""Below this share of what the first side sent, a recording may have broken off or begun too late."""


def write_notes(
    first: Side, second: Side, across: Collection[str], *, given: bool, compared: bool
) -> list[str]:
    """Say in what the sides differ beside what is compared, and what was left out.

    `given` says that somebody asked for what is compared, `compared` that the values behind equal ids were compared.
    """
    return [
        *_note_timelines(first, second),
        *_note_conditions(first, second, across, given),
        *_note_rest(first, second),
        *_note_values(first, second, compared),
    ]


def _note_timelines(first: Side, second: Side) -> Iterator[str]:
    bare = [side.name for side in (first, second) if not side.has_timeline]
    if bare:
        yield (
            f"{listing(bare)} {'has' if len(bare) == 1 else 'have'} no timeline: nothing tells what had a chance to be "
            "sent, so nothing can be said to have stopped there. Sessions of a case have one."
        )


def _note_conditions(first: Side, second: Side, across: Collection[str], given: bool) -> Iterator[str]:
    differing = [
        name
        for name in sorted(first.conditions.keys() | second.conditions.keys())
        if first.conditions.get(name) != second.conditions.get(name)
    ]
    compared = [name for name in sorted(across) if name in differing]
    if compared:
        how = "as asked" if given else "as found out"
        yield f"The sides are compared across {listing(compared)}, {how}."
    others = [name for name in differing if name not in across]
    if not others:
        return
    named = listing_at_most(others, NAMED, "other", "others")
    yield (
        f"They differ in {named} as well: what was seen under a value of it that the other side lacks is not "
        f"exercised there. `--across {others[0]}` counts {'it' if len(others) == 1 else 'that'} as compared."
    )


def _note_rest(first: Side, second: Side) -> Iterator[str]:
    sizes = [
        sum(one.whole.read + one.whole.unread for one in side.readable.values()) for side in (first, second)
    ]
    if sizes[1] < FAR_LESS * sizes[0]:
        yield (
            f"{second.name} sent far less in all ({sizes[1]:,} bytes against {sizes[0]:,}): see that its recordings "
            "are whole before you call anything stopped."
        )
    weak = len(first.weak | second.weak)
    if weak:
        yield f"{count(weak, 'weak flow is', 'weak flows are')} left out: they may be accidents."
    versions = [side.document.tool.version for side in (first, second)]
    if versions[0] != versions[1]:
        yield (
            f"The sides were audited by different versions ({listing(versions)}): a difference may come from the "
            "program. Audit both again with one."
        )


def _note_values(first: Side, second: Side, compared: bool) -> Iterator[str]:
    if not first.sessions or not second.sessions:
        return
    if set(first.conditions[HANDSET]) != set(second.conditions[HANDSET]):
        yield "The sides have different handsets: values are compared by their type."
    elif not compared and first.document.inputs != second.document.inputs:
        yield (
            "The sides are of two cases, and their documents hold no values: they are compared by type, and nobody can "
            "tell from them whether an id means the same value on both sides. The folders of the cases tell."
        )
