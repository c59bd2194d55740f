"""One seed's traffic: planted requests and strangers, shuffled, with the truth about each."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from benchmarks.detection.generator import strangers
from benchmarks.detection.generator.cases import CASES
from benchmarks.detection.generator.identities import Identity, make_identity
from benchmarks.detection.generator.requests import Har, har_entry, new_draft

Truth = dict[str, str | int | list[str] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """A subject, the requests, and what is in each of them."""

    people: Identity
    entries: tuple[Har, ...]
    truth: tuple[Truth, ...]


def make_traffic(seed: int, per_class: int = 12) -> Traffic:
    """Planted requests, `per_class` of every class, and as many of strangers, in random order."""
    people = make_identity(seed)
    rng = Random(f"traffic {seed}")
    plans: list[tuple[str, str]] = [("planted", case.name) for case in CASES for _ in range(per_class)]
    plans += _stranger_plans(rng, len(plans))
    rng.shuffle(plans)
    made = [_request(seed, people, index, kind, name) for index, (kind, name) in enumerate(plans)]
    return Traffic(
        people=people, entries=tuple(entry for entry, _ in made), truth=tuple(truth for _, truth in made)
    )


def _stranger_plans(rng: Random, count: int) -> Iterator[tuple[str, str]]:
    names, traps = [case.name for case in CASES], tuple(strangers.TRAPS)
    for _ in range(count):
        draw = rng.random()
        if draw < 0.55:
            yield "twin", rng.choice(names)
        elif draw < 0.8:
            yield "trap", rng.choice(traps)
        else:
            yield "ordinary", "traffic"


def _request(seed: int, people: Identity, index: int, kind: str, name: str) -> tuple[Har, Truth]:
    # A generator of its own for every request: one more draw in one of them changes no other.
    rng = Random(f"request {seed} {index} {kind} {name}")
    draft = new_draft(rng)
    truth: Truth = {"index": index, "kind": kind, "class": name if kind == "planted" else f"{kind} {name}"}
    if kind in ("planted", "twin"):
        case = next(case for case in CASES if case.name == name)
        planted = case.build(rng, people if kind == "planted" else strangers.twin(rng, people), draft)
        known = kind == "planted"
        truth |= {
            "value_id": planted.written.value_id if known else None,
            "type": planted.written.type,
            "form": planted.written.form,
            "layers": list(planted.layers),
            "container": planted.layers[0] if planted.layers else "body",
        }
    else:
        make = strangers.TRAPS[name] if kind == "trap" else strangers.ordinary_traffic
        make(rng, people, draft)
        truth |= {"value_id": None, "type": None, "form": None, "layers": [], "container": None}
    truth["direction"] = "down" if draft.channel == "response" else "up"
    truth["transport"] = draft.channel
    return har_entry(draft, index), truth
