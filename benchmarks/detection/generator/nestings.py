"""Random nestings: what covers a value in two to six layers, composed as software composes them.

Bytes are followed by a text coding or by a container that takes bytes; nothing is compressed twice in a
row; a compression covers a document. How likely a step is follows what is met: JSON, base 64, gzip and
percent first.
"""

from random import Random

from benchmarks.detection.generator.containers import PACKERS, TAKES_BYTES
from benchmarks.detection.generator.encoders import CODECS, PRESSED
from benchmarks.detection.generator.payload import Fields, Written, as_bytes, one
from benchmarks.detection.generator.requests import COOKIE_SAFE, HEADER_SAFE, Draft, place, place_raw

WEIGHTS = {
    "json": 12,
    "form": 4,
    "protobuf": 4,
    "messagepack": 2,
    "cbor": 1.5,
    "xml-text": 1,
    "xml-attributes": 0.7,
    "ndjson": 1,
    "jwt": 1.5,
    "binary-plist": 1,
    "percent": 4,
    "json-string": 2,
    "html-entities": 1,
    "quoted-printable": 0.5,
    "base16-lower": 2,
    "base16-upper": 1,
    "base16-separated": 0.5,
    "base32": 1,
    "base58": 0.7,
    "base64-standard": 7,
    "base64-url": 4,
    "base64-unpadded": 2,
    "base64-wrapped": 1.5,
    "base85": 0.5,
    "ascii85": 0.5,
    "utf-16-le": 1,
    "utf-16-be": 0.5,
    "gzip": 6,
    "zlib": 3,
    "deflate": 2,
    "brotli": 2,
    "zstd": 2,
    "lz4": 1.5,
    "snappy-framed": 0.7,
    "snappy-raw": 0.7,
    "bzip2": 0.7,
    "xz": 0.7,
}
OUTERMOST = {
    "json": 10,
    "query": 6,
    "form": 6,
    "header": 2,
    "cookie": 2,
    "multipart": 2,
    "protobuf": 3,
    "messagepack": 1.5,
    "cbor": 1,
    "body": 4,
    "grpc": 1,
}
WRAP_KEYS = ("data", "d", "enc", "blob", "info", "ext", "p", "content", "msg")
LARGEST = 6000
"""Bytes above which only thrifty layers are added, so that requests stay of ordinary size."""
THRIFTY = PRESSED | {"base64-standard", "base64-url", "base64-unpadded", "json", "protobuf", "messagepack"}


def nest(rng: Random, draft: Draft, written: Written, depth: int) -> tuple[str, ...]:
    """Cover a written value in `depth` layers and put it into the draft.

    Returns:
        The layers, outermost first; the last of them is where the request itself holds the rest.
    """
    layers: tuple[str, ...] = ()
    fields = written.fields
    for _ in range(depth - 1):
        fields, name = _cover(rng, fields, layers)
        layers = (name, *layers)
    spot = _outermost(rng, fields, layers)
    if spot != "body":
        return (*place(draft, spot, fields), *layers)
    # A raw body adds no layer of its own, so one more covers the rest.
    fields, name = _cover(rng, fields, layers)
    scalar = fields[0][1]
    assert isinstance(scalar, str | bytes)
    return (
        *place_raw(draft, scalar, "text/plain" if isinstance(scalar, str) else "application/octet-stream"),
        name,
        *layers,
    )


def _cover(rng: Random, fields: Fields, layers: tuple[str, ...]) -> tuple[Fields, str]:
    scalar = fields[0][1]
    assert isinstance(scalar, str | bytes)
    allowed = [name for name in WEIGHTS if _fits(name, scalar, layers)]
    name = rng.choices(allowed, [WEIGHTS[name] for name in allowed])[0]
    covered = PACKERS[name](rng, fields).data if name in PACKERS else CODECS[name].encode(rng, scalar)
    return one(rng.choice(WRAP_KEYS), covered), name


def _fits(name: str, scalar: str | bytes, layers: tuple[str, ...]) -> bool:
    last, size = (layers[0] if layers else ""), len(as_bytes(scalar))
    if size > LARGEST and name not in THRIFTY:
        return False
    if name in PACKERS:
        return (
            (isinstance(scalar, str) or name in TAKES_BYTES)
            and name != last
            and not (name.startswith("xml") and _breaks_xml(scalar))
        )
    codec = CODECS[name]
    if isinstance(scalar, bytes) and not codec.takes_bytes:
        return False
    if name in PRESSED:
        return last not in PRESSED and size >= codec.least and bool(layers)
    if name == last:
        return name == "percent" and layers[1:2] != ("percent",)
    # An expanding coding twice over is nothing that anybody sends.
    kin = name.split("-")[0]
    return codec.least <= size <= codec.most and not (
        last.startswith(kin) and kin.startswith(("base", "utf"))
    )


def _breaks_xml(scalar: str | bytes) -> bool:
    return isinstance(scalar, str) and any(letter < " " for letter in scalar)


def _outermost(rng: Random, fields: Fields, layers: tuple[str, ...]) -> str:
    scalar = fields[0][1]
    names = [name for name in OUTERMOST if name in TAKES_BYTES or name == "body" or isinstance(scalar, str)]
    if isinstance(scalar, str) and not HEADER_SAFE.issuperset(scalar):
        names.remove("header")
    if isinstance(scalar, str) and not COOKIE_SAFE.issuperset(scalar):
        names.remove("cookie")
    if isinstance(scalar, str) and len(scalar) > 4000:
        names = [name for name in names if name not in ("query", "header", "cookie")]
    names = [name for name in names if not layers or name != layers[0] or name == "body"]
    return rng.choices(names, [OUTERMOST[name] for name in names])[0]
