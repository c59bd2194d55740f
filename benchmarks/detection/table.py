"""The benchmark's table, as text."""

from collections import Counter
from collections.abc import Iterator, Sequence

from benchmarks.detection.score import Score, overall, weighted_recall, wilson
from benchmarks.detection.weights import weight

SHOWN_FALSE = 12


def render(scores: Sequence[Score]) -> Iterator[str]:
    """The lines of the table: a line a class, then groups, then what decides."""
    width = max(len(name) for score in scores for name in score.planted) + 2
    yield f"{'class':{width}}{'weight':>7}{'n':>5}  " + "".join(f"{score.tool:>28}" for score in scores)
    names = list(scores[0].planted)
    for name in sorted(names, key=_group_order):
        cells = "".join(_cell(score.found[name], score.planted[name]) for score in scores)
        yield f"{name:{width}}{weight(name):7.0f}{scores[0].planted[name]:5}  {cells}"
    yield ""
    for group in dict.fromkeys(name.split()[0] for name in sorted(names, key=_group_order)):
        counts = [_of_group(score, group) for score in scores]
        yield f"{'all of ' + group:{width}}{'':7}{counts[0][1]:5}  " + "".join(
            _cell(*count) for count in counts
        )
    yield ""
    for score in scores:
        yield from _summary(score)


def _group_order(name: str) -> tuple[int, str]:
    groups = ("form", "number", "layer", "container", "transport", "digest", "nesting")
    return groups.index(name.split()[0]), name


def _of_group(score: Score, group: str) -> tuple[int, int]:
    members = [name for name in score.planted if name.split()[0] == group]
    return sum(score.found[name] for name in members), sum(score.planted[name] for name in members)


def _cell(hits: int, trials: int) -> str:
    low, high = wilson(hits, trials)
    return f"{hits / trials if trials else 0:9.1%} [{low:6.1%}, {high:6.1%}]".rjust(28)


def _summary(score: Score) -> Iterator[str]:
    yield score.tool
    for label, hits in (("recall", score.found), ("recall, strong findings only", score.strong)):
        total = overall(score, hits)
        yield f"  {label:32}{_cell(*total)}  {total[0]} of {total[1]}; weighted {weighted_recall(score, hits):.1%}"
    yield f"  {'false findings (strong)':32}{score.false.total():28}{_top(score.false)}"
    yield f"  {'false findings (weak)':32}{score.false_weak.total():28}{_top(score.false_weak)}"
    yield f"  {'wrong types':32}{score.wrong_types.total():28}{_top(score.wrong_types)}"
    rate = f"{score.requests / score.seconds:,.0f}" if score.seconds else "-"
    by_cpu = f"{score.requests / score.cpu:,.0f}" if score.cpu else "-"
    yield f"  {'requests a second':32}{rate:>28}  by processor time {by_cpu}; set-up {score.setup:.2f} s apart"


def _top(counts: Counter[tuple[str, str]]) -> str:
    if not counts:
        return ""
    shown = ", ".join(f"{a} → {b} ×{count}" for (a, b), count in counts.most_common(SHOWN_FALSE))
    return f"  {shown}{', …' if len(counts) > SHOWN_FALSE else ''}"
