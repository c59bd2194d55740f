"""The classes of forms and of numbers."""

import struct
from random import Random

import msgpack

from benchmarks.detection.generator import background, forms, numbers, protobuf
from benchmarks.detection.generator.casework import Build, Planted, place_bytes
from benchmarks.detection.generator.identities import Identity
from benchmarks.detection.generator.payload import Body, Fields, Written, one
from benchmarks.detection.generator.requests import Draft, place, put_body, text_spot


def form_case(form: str) -> Build:
    """A value in a form, in an ordinary spot."""

    def build(rng: Random, people: Identity, draft: Draft) -> Planted:
        written = forms.write(rng, form, people.values)
        key, scalar = written.fields[0]
        if form in _PACKED_LOCATIONS and rng.random() < 0.5:
            return Planted(written=written, layers=_native_location(rng, draft, form, as_bytes_of(scalar)))
        if isinstance(scalar, bytes):
            return Planted(written=written, layers=place_bytes(rng, draft, key, scalar, whole=False))
        spot = text_spot(rng)
        if form == "carrier/telling-key" and spot in ("path", "protobuf"):
            spot = "json"  # neither has keys that could tell
        if spot == "protobuf" and form.startswith("location/e"):
            spot = "query"  # a varint is a class of its own
        return Planted(written=written, layers=place(draft, spot, written.fields))

    return build


def as_bytes_of(scalar: object) -> bytes:
    """The scalar, which is bytes."""
    assert isinstance(scalar, bytes)
    return scalar


_PACKED_LOCATIONS = {
    "location/double-be": ">2d",
    "location/double-le": "<2d",
    "location/float-be": ">2f",
    "location/float-le": "<2f",
}


def _native_location(rng: Random, draft: Draft, form: str, packed: bytes) -> tuple[str, ...]:
    """Floating point as the containers themselves have it: fixed64 little, MessagePack big endian."""
    half = len(packed) // 2
    if form.endswith("le"):
        put_body(
            draft,
            Body(
                data=protobuf.fixed_message(rng, (packed[:half], packed[half:]), rng.randrange(3)),
                mime="application/x-protobuf",
            ),
        )
        return ("protobuf",)
    latitude, longitude = struct.unpack(_PACKED_LOCATIONS[form], packed)
    keys = rng.choice(forms.LOCATION_KEYS)
    tree = dict([*background.noise_fields(rng, 1, 3), (keys[0], latitude), (keys[1], longitude)])
    put_body(
        draft,
        Body(data=bytes(msgpack.packb(tree, use_single_float="float" in form)), mime="application/msgpack"),
    )
    return ("messagepack",)


def _number(rng: Random, people: Identity, form: str) -> tuple[Written, str]:
    value = rng.choice(people.of(rng.choice(numbers.NUMERIC)))
    key = forms.key_of(rng, value.type)
    return Written(
        value_id=value.id, type=value.type, form=form, fields=one(key, value.text)
    ), numbers.digits_of(value.text)


def integer_case(form: str, spots: tuple[str, ...]) -> Build:
    """A number as the containers themselves write integers."""

    def build(rng: Random, people: Identity, draft: Draft) -> Planted:
        written, digits = _number(rng, people, form)
        fields: Fields = one(written.fields[0][0], int(digits))
        return Planted(written=written, layers=place(draft, rng.choice(spots), fields))

    return build


def fixed64_case(rng: Random, people: Identity, draft: Draft) -> Planted:
    """A number as protobuf's fixed64."""
    written, digits = _number(rng, people, "number/fixed64")
    data = protobuf.fixed_message(rng, (numbers.int64_le(digits),), rng.randrange(3))
    put_body(draft, Body(data=data, mime="application/x-protobuf"))
    return Planted(written=written, layers=("protobuf",))


def packed_number_case(name: str) -> Build:
    """A number packed in bytes: BCD, TBCD, or eight bytes of either order."""

    def build(rng: Random, people: Identity, draft: Draft) -> Planted:
        written, digits = _number(rng, people, f"number/{name}")
        packed = rng.choice(numbers.PACKED[name])(digits)
        key = written.fields[0][0]
        if name == "tbcd" and rng.random() < 0.3:
            text = packed.hex().upper() if rng.random() < 0.5 else packed.hex()
            return Planted(written=written, layers=(*place(draft, text_spot(rng), one(key, text)), "base16"))
        return Planted(written=written, layers=place_bytes(rng, draft, key, packed, whole=False))

    return build
