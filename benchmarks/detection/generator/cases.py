"""The classes: one way each in which a value leaves a handset. One small builder a kind, one table of them all."""

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from urllib.parse import quote

import msgpack

from benchmarks.detection.generator import background, containers, digests, forms, nestings, numbers, protobuf
from benchmarks.detection.generator.encoders import CODECS, PRESSED, percent_twice
from benchmarks.detection.generator.identities import Identity
from benchmarks.detection.generator.payload import Body, Fields, Written, as_bytes, one
from benchmarks.detection.generator.requests import BINARY_SPOTS, Draft, place, place_raw, put_body, text_spot

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


def place_bytes(rng: Random, draft: Draft, key: str, data: bytes, *, whole: bool = True) -> tuple[str, ...]:
    """Bytes as a whole body, in a container that takes bytes, or under base 64 in text."""
    draw = rng.random()
    if whole and draw < 0.35:
        return place_raw(draft, data)
    if draw < 0.65 or (not whole and draw < 0.75):
        return place(draft, rng.choice(BINARY_SPOTS), one(key, data))
    codec = rng.choice(("base64-standard", "base64-standard", "base64-url", "base16-lower"))
    return (*place(draft, _line_spot(rng), one(key, CODECS[codec].encode(rng, data))), codec)


def _line_spot(rng: Random) -> str:
    return rng.choice(("json", "json", "json", "form", "query", "header", "cookie"))


# --- forms


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
    """Floating point as the containers themselves have it: fixed64 and fixed32 little, MessagePack big endian."""
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


# --- layers


def small_document(rng: Random, written: Written) -> str:
    """A realistic small JSON document, of at least a hundred bytes, that holds the value."""
    while True:
        text = str(containers.json_document(rng, written.fields).data)
        if len(text) >= 100:
            return text


def url_or_document(rng: Random, written: Written) -> str:
    """A link whose query holds the value, or a small document: what needs escaping where a bare value does not."""
    if rng.random() < 0.5:
        return f"https://{rng.choice(background.HOSTS)}/r?{containers.form_text(rng, written.fields)}"
    return json.dumps(dict(written.fields))


def percent_case(rng: Random, people: Identity, draft: Draft) -> Planted:
    """Percent-encoded once, in a spot that does not itself do it."""
    written = ordinary(rng, people)
    text = str(written.text)
    if quote(text, safe="") == text and rng.random() < 0.8:
        text = json.dumps(dict([*written.fields, *background.noise_fields(rng, 1, 2)]))
    spot = rng.choice(("json", "header", "cookie", "xml-text"))
    return Planted(
        written=written,
        layers=(
            *place(draft, spot, one(rng.choice(WRAP_KEYS), CODECS["percent"].encode(rng, text))),
            "percent",
        ),
    )


def percent_twice_case(rng: Random, people: Identity, draft: Draft) -> Planted:
    """Percent-encoded inside a query or a form, or twice anywhere else."""
    written = ordinary(rng, people)
    text = str(written.text)
    if quote(text, safe="") == text and rng.random() < 0.8:
        text = url_or_document(rng, written)
    if rng.random() < 0.6:
        scalar = CODECS["percent"].encode(rng, text)
        return Planted(
            written=written,
            layers=(*place(draft, rng.choice(("query", "form")), one("redirect", scalar)), "percent"),
        )
    scalar = percent_twice(rng, text)
    return Planted(
        written=written,
        layers=(*place(draft, rng.choice(("json", "header")), one("next", scalar)), "percent", "percent"),
    )


def json_escapes_case(rng: Random, people: Identity, draft: Draft) -> Planted:
    r"""In a JSON document, with \\u escapes that a plain search does not see."""
    written = ordinary(rng, people)
    key, text = written.fields[0]
    mark = "QQescapedQQ"
    document = str(containers.json_document(rng, one(key, mark)).data)
    put_body(
        draft,
        Body(
            data=document.replace(mark, str(CODECS["json-escapes"].encode(rng, str(text)))),
            mime="application/json",
        ),
    )
    return Planted(written=written, layers=("json", "json-escapes"))


def quoted_printable_case(rng: Random, people: Identity, draft: Draft) -> Planted:
    """As in a vCard 2.1 or a mail, whole or as a field."""
    written = ordinary(rng, people)
    encoded = str(CODECS["quoted-printable"].encode(rng, str(written.text)))
    if rng.random() < 0.5:
        card = f"BEGIN:VCARD\r\nVERSION:2.1\r\nNOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:{encoded}\r\nEND:VCARD\r\n"
        return Planted(written=written, layers=(*place_raw(draft, card, "text/x-vcard"), "quoted-printable"))
    spot = rng.choice(("json", "form", "multipart"))
    return Planted(
        written=written, layers=(*place(draft, spot, one(written.fields[0][0], encoded)), "quoted-printable")
    )


def base64_inside_case(rng: Random, people: Identity, draft: Draft) -> Planted:
    """Base 64 of a longer text that holds the value at any offset, or base 64 that stands inside a longer text."""
    written = ordinary(rng, people)
    codec = rng.choice(("base64-standard", "base64-url", "base64-unpadded"))
    lead = background.token(rng, 1, 40) + rng.choice(("|", " ", ";", "="))
    scalar = str(CODECS[codec].encode(rng, f"{lead}{written.text}|{background.noise_text(rng)}"))
    if rng.random() < 0.5:
        before, after = rng.choice(
            (
                ("data:text/plain;base64,", ""),
                ("v1.", "." + background.token(rng)),
                ("blob=", ";end"),
                ("see ", " for details"),
            )
        )
        scalar = before + scalar + after
    return Planted(
        written=written, layers=(*place(draft, _line_spot(rng), one(rng.choice(WRAP_KEYS), scalar)), codec)
    )


def text_codec_case(name: str) -> Build:
    """A text coding over the bare value or over a small document."""

    def build(rng: Random, people: Identity, draft: Draft) -> Planted:
        written, codec = ordinary(rng, people), CODECS[name]
        text, inner = str(written.text), ()
        if len(text.encode()) < codec.least or (rng.random() < 0.35 and codec.most > 1000):
            text, inner = small_document(rng, written), ("json",)
        spot = rng.choice(("json", "form")) if name == "base64-wrapped" else _line_spot(rng)
        if name == "html-entities":
            spot = rng.choice(("json", "json", "form", "query"))
        key = rng.choice(WRAP_KEYS) if inner else written.fields[0][0]
        return Planted(
            written=written, layers=(*place(draft, spot, one(key, codec.encode(rng, text))), name, *inner)
        )

    return build


def utf16_case(name: str) -> Build:
    """UTF-16 over the bare value or a small document, as a body or as bytes in something else."""

    def build(rng: Random, people: Identity, draft: Draft) -> Planted:
        written = ordinary(rng, people)
        document = rng.random() < 0.5
        text = small_document(rng, written) if document else str(written.text)
        data = as_bytes(CODECS[name].encode(rng, text))
        inner = ("json",) if document else ()
        return Planted(
            written=written, layers=(*place_bytes(rng, draft, "text", data, whole=document), name, *inner)
        )

    return build


def pressed_case(name: str) -> Build:
    """A compressed small JSON document, as a body or as bytes in something else."""

    def build(rng: Random, people: Identity, draft: Draft) -> Planted:
        written = ordinary(rng, people)
        data = as_bytes(CODECS[name].encode(rng, small_document(rng, written)))
        return Planted(
            written=written, layers=(*place_bytes(rng, draft, rng.choice(WRAP_KEYS), data), name, "json")
        )

    return build


# --- containers


def container_case(spot: str) -> Build:
    """A value as it is, in a container."""

    def build(rng: Random, people: Identity, draft: Draft) -> Planted:
        written = ordinary(rng, people)
        return Planted(written=written, layers=place(draft, spot, written.fields))

    return build


def jwt_case(rng: Random, people: Identity, draft: Draft) -> Planted:
    """A claim of a token that stands in Authorization, or in a field."""
    written = ordinary(rng, people)
    token = str(containers.jwt(rng, written.fields).data)
    if rng.random() < 0.5:
        draft.headers = [(name, text) for name, text in draft.headers if name != "Authorization"]
        draft.headers.append(("Authorization", f"Bearer {token}"))
        return Planted(written=written, layers=("header", "jwt"))
    return Planted(written=written, layers=(*place(draft, _line_spot(rng), one("id_token", token)), "jwt"))


def grpc_case(rng: Random, people: Identity, draft: Draft) -> Planted:
    """A call with one framed message."""
    written = ordinary(rng, people)
    draft.path, draft.query = ["telemetry.v1.Collector", "Report"], []
    return Planted(written=written, layers=place(draft, "grpc", written.fields))


def content_encoding_case(token: str, codec: str) -> Build:
    """A body under a content coding that its header names, as a recording below the browser keeps it."""

    def build(rng: Random, people: Identity, draft: Draft) -> Planted:
        written, spot = ordinary(rng, people), rng.choice(("json", "json", "form", "protobuf", "ndjson"))
        body = containers.PACKERS[spot](rng, written.fields)
        put_body(draft, Body(data=as_bytes(CODECS[codec].encode(rng, body.data)), mime=body.mime))
        draft.headers.append(("Content-Encoding", token))
        return Planted(written=written, layers=(codec, spot))

    return build


# --- digests


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
    """The 16 middle digits of an MD5, the first bytes of a digest, or the first 16 characters of its base 64."""

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


# --- numbers


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


# --- transports and nestings


def channel_case(channel: str, spots: tuple[str, ...]) -> Build:
    """A value in a WebSocket message or in what the server sends back."""

    def build(rng: Random, people: Identity, draft: Draft) -> Planted:
        draft.channel = channel
        written = ordinary(rng, people)
        return Planted(written=written, layers=place(draft, rng.choice(spots), written.fields))

    return build


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


def _table() -> tuple[Case, ...]:
    made: dict[str, Build] = {f"form {form}": form_case(form) for form in forms.FORMS}
    made |= {
        "layer percent": percent_case,
        "layer percent-twice": percent_twice_case,
        "layer json-escapes": json_escapes_case,
    }
    made |= {"layer quoted-printable": quoted_printable_case, "layer base64-inside": base64_inside_case}
    for name in CODECS:
        if name in PRESSED:
            made[f"layer {name}"] = pressed_case(name)
        elif name.startswith("utf-16"):
            made[f"layer {name}"] = utf16_case(name)
        elif name not in ("json-string", "percent", "percent-twice", "json-escapes", "quoted-printable"):
            made[f"layer {name}"] = text_codec_case(name)
    for spot in (
        "query",
        "path",
        "header",
        "cookie",
        "form",
        "multipart",
        "json",
        "json-in-json",
        "ndjson",
        "xml-attributes",
        "xml-text",
    ):
        made[f"container {spot}"] = container_case(spot)
    made |= {
        f"container {spot}": container_case(spot)
        for spot in ("protobuf", "messagepack", "cbor", "binary-plist")
    }
    made |= {"container jwt": jwt_case, "container grpc": grpc_case}
    for token, codec in (("gzip", "gzip"), ("br", "brotli"), ("zstd", "zstd")):
        made[f"container content-encoding-{token}"] = content_encoding_case(token, codec)
    for name in digests.ALGORITHMS:
        if name != "blake2b-256":
            made[f"digest {name}"] = digest_case(name, ("hex", "hex", "base64", "raw"))
    made |= {
        "digest md5-upper": digest_case("md5", ("HEX",)),
        "digest any-upper": digest_case("any", ("HEX",)),
    }
    made |= {f"digest {kind}": truncated_case(kind) for kind in ("md5-middle", "first-bytes", "base64-16")}
    made["digest of-digest"] = digest_of_digest_case
    made |= {
        "number varint": integer_case("number/varint", ("protobuf", "grpc")),
        "number fixed64": fixed64_case,
    }
    made["number native"] = integer_case("number/native", ("messagepack", "cbor", "binary-plist"))
    made |= {f"number {name}": packed_number_case(name) for name in numbers.PACKED}
    made["transport websocket-text"] = channel_case(
        "websocket", ("json", "json", "form", "xml-text", "json-in-json")
    )
    made["transport websocket-binary"] = channel_case(
        "websocket", ("protobuf", "messagepack", "cbor", "record")
    )
    made["transport response-body"] = channel_case(
        "response", ("json", "json", "xml-text", "protobuf", "ndjson")
    )
    made["transport response-header"] = channel_case("response", ("header",))
    made |= {f"nesting {depth}": nesting_case(depth) for depth in range(2, 7)}
    return tuple(Case(name=name, build=build) for name, build in made.items())


CASES: tuple[Case, ...] = _table()
