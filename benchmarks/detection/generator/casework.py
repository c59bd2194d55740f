"""What the builders of classes share: what was planted, and where bytes and lines of text go."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from benchmarks.detection.generator import forms
from benchmarks.detection.generator.encoders import CODECS
from benchmarks.detection.generator.identities import Identity
from benchmarks.detection.generator.payload import Written, one
from benchmarks.detection.generator.requests import BINARY_SPOTS, Draft, place, place_raw

NO_LAYERS: tuple[str, ...] = ()
WRAP_KEYS = ("data", "d", "enc", "blob", "info", "ext", "p", "content", "msg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """What was put into a draft: the value in its form, and the layers over it, outermost first."""

    written: Written
    layers: tuple[str, ...]


Build = Callable[[Random, Identity, Draft], Planted]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One class of planted requests."""

    name: str
    build: Build


def ordinary(rng: Random, people: Identity) -> Written:
    """Some value in one of the forms that are everywhere."""
    return forms.write(rng, rng.choice(forms.ORDINARY), people.values)


def renamed(written: Written, form: str) -> Written:
    """The same value under the name of another form."""
    return Written(value_id=written.value_id, type=written.type, form=form, fields=written.fields)


def place_bytes(
    rng: Random,
    draft: Draft,
    key: str,
    data: bytes,
    *,
    whole: bool = True,
    spots: tuple[str, ...] = BINARY_SPOTS,
) -> tuple[str, ...]:
    """Bytes as a whole body, in a container that takes bytes, or under base 64 in text."""
    draw = rng.random()
    if whole and draw < 0.35:
        return place_raw(draft, data)
    if draw < 0.65 or (not whole and draw < 0.75):
        return place(draft, rng.choice(spots), one(key, data))
    codec = rng.choice(("base64-standard", "base64-standard", "base64-url", "base16-lower"))
    return (*place(draft, line_spot(rng), one(key, CODECS[codec].encode(rng, data))), codec)


def line_spot(rng: Random) -> str:
    return rng.choice(("json", "json", "json", "form", "query", "header", "cookie"))
