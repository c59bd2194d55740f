"""The classes of digests, and the nestings, which hold one now and then."""

from random import Random

from benchmarks.detection.generator import digests, forms, nestings
from benchmarks.detection.generator.casework import Build, Planted, ordinary, renamed
from benchmarks.detection.generator.identities import Identity
from benchmarks.detection.generator.payload import Written, one
from benchmarks.detection.generator.requests import BINARY_SPOTS, Draft, place, text_spot


def place_digest(rng: Random, draft: Draft, key: str, digest: bytes, shape: str) -> tuple[str, ...]:
    """A digest in one of its shapes: `hex`, `HEX`, `base64` or `raw`."""
    if shape == "raw":
        return place(draft, rng.choice(BINARY_SPOTS), one(key, digest))
    text = (
        digest.hex()
        if shape == "hex"
        else digest.hex().upper()
        if shape == "HEX"
        else digests.base64_text(rng, digest)
    )
    return place(draft, text_spot(rng), one(key, text))


def _hashed(rng: Random, people: Identity, form: str, key_suffix: str) -> tuple[Written, str]:
    kind = rng.choice(digests.HASHED)
    value = rng.choice(people.of(kind))
    key = (
        f"{forms.key_of(rng, kind)}_{key_suffix}"
        if rng.random() < 0.5
        else rng.choice(("h", "hid", "uid", "key", "fp"))
    )
    return Written(
        value_id=value.id, type=kind, form=form, fields=one(key, digests.hashed_text(rng, value))
    ), key


def digest_case(algorithm: str, shapes: tuple[str, ...]) -> Build:
    """One algorithm, in one of some shapes."""

    def build(rng: Random, people: Identity, draft: Draft) -> Planted:
        shape = rng.choice(shapes)
        name = rng.choice(tuple(digests.ALGORITHMS)) if algorithm == "any" else algorithm
        name = "blake2b-256" if name == "blake2b" and rng.random() < 0.3 else name
        written, key = _hashed(rng, people, f"{name}/{shape}", name)
        digest = digests.ALGORITHMS[name](str(written.text).encode())
        return Planted(written=written, layers=place_digest(rng, draft, key, digest, shape))

    return build


def truncated_case(kind: str) -> Build:
    """The middle of an MD5, the first bytes of a digest, or the first 16 characters of its base 64."""

    def build(rng: Random, people: Identity, draft: Draft) -> Planted:
        name = (
            "md5"
            if kind == "md5-middle"
            else rng.choice(("md5", "sha1", "sha1", "sha256", "sha256", "sha512"))
        )
        written, key = _hashed(rng, people, f"{name}/{kind}", name)
        digest = digests.ALGORITHMS[name](str(written.text).encode())
        if kind == "md5-middle":
            return Planted(
                written=written,
                layers=place_digest(rng, draft, key, digest[4:12], rng.choice(("hex", "hex", "HEX"))),
            )
        if kind == "first-bytes":
            count = rng.choice((8, 8, 8, 10, 12, 15))
            return Planted(
                written=written,
                layers=place_digest(
                    rng, draft, key, digest[:count], rng.choice(("hex", "hex", "HEX", "raw"))
                ),
            )
        return Planted(
            written=written,
            layers=place(draft, text_spot(rng), one(key, digests.base64_text(rng, digest)[:16])),
        )

    return build


def digest_of_digest_case(rng: Random, people: Identity, draft: Draft) -> Planted:
    """A digest of the hex digits of a digest."""
    written, key = _hashed(rng, people, "digest-of-digest", "hash")
    name, digest = digests.digest_of_digest(rng, str(written.text))
    layers = place_digest(rng, draft, key, digest, rng.choice(("hex", "hex", "HEX", "base64")))
    return Planted(written=renamed(written, name), layers=layers)


def nesting_case(depth: int) -> Build:
    """Layers and containers drawn at random, one over the other."""

    def build(rng: Random, people: Identity, draft: Draft) -> Planted:
        written = ordinary(rng, people)
        if rng.random() < 0.15:
            written = _digest_text(rng, people)
        return Planted(written=written, layers=nestings.nest(rng, draft, written, depth))

    return build


def _digest_text(rng: Random, people: Identity) -> Written:
    name = rng.choice(("md5", "sha1", "sha256"))
    written, key = _hashed(rng, people, f"{name}/hex", name)
    digest = digests.ALGORITHMS[name](str(written.text).encode()).hex()
    return Written(value_id=written.value_id, type=written.type, form=written.form, fields=one(key, digest))
