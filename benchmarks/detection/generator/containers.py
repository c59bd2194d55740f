"""The containers: fields in, one document out, with unrelated fields around them."""

import base64
import gzip
import html
import json
import plistlib
import struct
from collections.abc import Callable
from random import Random
from urllib.parse import quote, quote_plus

import cbor2
import msgpack

from benchmarks.detection.generator import protobuf
from benchmarks.detection.generator.background import (
    KEYS,
    Json,
    milliseconds,
    noise_fields,
    noise_json,
    noise_text,
    token,
)
from benchmarks.detection.generator.encoders import crc
from benchmarks.detection.generator.payload import Body, Fields, Scalar, as_bytes

Pack = Callable[[Random, Fields], Body]


def scalar_text(scalar: Scalar) -> str:
    """A scalar as text; bytes have none."""
    assert not isinstance(scalar, bytes)
    return str(scalar)


def _nested(rng: Random, fields: list[tuple[str, Scalar]], depth: int) -> dict[str, Json]:
    """Fields at some depth of an object; all in the same object, as coordinates travel."""
    own: dict[str, Json] = {key: scalar for key, scalar in fields if not isinstance(scalar, bytes)}
    mixed: list[tuple[str, Json]] = [
        *own.items(),
        *((key, noise_json(rng, 1)) for key in rng.sample(KEYS, rng.randint(1, 5))),
    ]
    rng.shuffle(mixed)
    tree = (
        {key: value for key, value in mixed if key not in own} | own
        if rng.random() < 0.5
        else {**dict(mixed), **own}
    )
    for _ in range(depth):
        outer: dict[str, Json] = {key: noise_json(rng, 1) for key in rng.sample(KEYS, rng.randint(1, 3))}
        held: Json = [noise_json(rng, 0), tree] if rng.random() < 0.25 else tree
        outer[rng.choice(("device", "data", "user", "events", "ctx", "params", "d"))] = held
        tree = outer
    return tree


def json_document(rng: Random, fields: Fields) -> Body:
    """One JSON object, nested up to three deep."""
    tree = _nested(rng, list(fields), rng.choice((0, 1, 1, 2, 3)))
    indent, ascii_only = (2 if rng.random() < 0.1 else None), rng.random() < 0.5
    separators = (",", ":") if rng.random() < 0.6 and indent is None else None
    return Body(
        data=json.dumps(tree, ensure_ascii=ascii_only, indent=indent, separators=separators),
        mime="application/json",
    )


def json_in_json(rng: Random, fields: Fields) -> Body:
    """A JSON document as a string in another."""
    inner = json_document(rng, fields).data
    return json_document(rng, ((rng.choice(("json", "data", "extra", "event")), inner),))


def ndjson(rng: Random, fields: Fields) -> Body:
    """One JSON object a line, the fields on one of them."""
    lines = [
        json.dumps({key: noise_json(rng, 1) for key in rng.sample(KEYS, 3)}) for _ in range(rng.randint(1, 4))
    ]
    lines.insert(
        rng.randint(0, len(lines)),
        json.dumps(_nested(rng, list(fields), rng.randrange(2)), ensure_ascii=False),
    )
    return Body(data="\n".join(lines) + rng.choice(("", "\n")), mime="application/x-ndjson")


def pairs(rng: Random, fields: Fields) -> list[tuple[str, str]]:
    """The fields among unrelated ones, as text."""
    made = [(key, noise_text(rng)) for key in rng.sample(KEYS, rng.randint(1, 5))]
    at = rng.randint(0, len(made))
    return made[:at] + [(key, scalar_text(scalar)) for key, scalar in fields] + made[at:]


def form_text(rng: Random, fields: Fields) -> str:
    """`key=value&…`, a space as plus or as %20."""
    escape = quote_plus if rng.random() < 0.6 else lambda text: quote(text, safe="")
    return "&".join(f"{quote(key, safe='')}={escape(text)}" for key, text in pairs(rng, fields))


def form(rng: Random, fields: Fields) -> Body:
    """A form as browsers post it."""
    return Body(data=form_text(rng, fields), mime="application/x-www-form-urlencoded")


def xml_text(rng: Random, fields: Fields) -> Body:
    """Elements that hold their values as text, now and then as CDATA."""
    out = []
    for key, text in pairs(rng, fields):
        cdata = rng.random() < 0.15 and "]]>" not in text
        out.append(f"<{key}>{f'<![CDATA[{text}]]>' if cdata else html.escape(text, quote=False)}</{key}>")
    return Body(
        data='<?xml version="1.0" encoding="UTF-8"?>\n<request><info>' + "".join(out) + "</info></request>",
        mime="application/xml",
    )


def xml_attributes(rng: Random, fields: Fields) -> Body:
    """One element with attributes."""
    attributes = " ".join(f'{key}="{html.escape(text)}"' for key, text in dict(pairs(rng, fields)).items())
    return Body(data=f'<?xml version="1.0"?><report><device {attributes}/></report>', mime="text/xml")


def multipart(rng: Random, fields: Fields) -> Body:
    """multipart/form-data; bytes go as a file, and so does now and then a text."""
    boundary = rng.choice(("----WebKitFormBoundary", "--------", "")) + token(rng, 16, 24)
    parts: list[bytes] = []
    for key, scalar in [*noise_fields(rng, 1, 2), *fields, *noise_fields(rng, 0, 1)]:
        raw = scalar if isinstance(scalar, bytes) else scalar_text(scalar).encode()
        file = isinstance(scalar, bytes) or rng.random() < 0.1
        name = f'name="{key}"' + (f'; filename="{token(rng, 6, 6)}.bin"' if file else "")
        kind = b"Content-Type: application/octet-stream\r\n" if file else b""
        parts.append(
            f"--{boundary}\r\nContent-Disposition: form-data; {name}\r\n".encode()
            + kind
            + b"\r\n"
            + raw
            + b"\r\n"
        )
    raw_body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    binary = any(isinstance(scalar, bytes) for _, scalar in fields)
    return Body(
        data=raw_body if binary else raw_body.decode(), mime=f"multipart/form-data; boundary={boundary}"
    )


def jwt(rng: Random, fields: Fields) -> Body:
    """A signed token whose claims hold the fields; the signature is random."""
    claims: dict[str, Json] = {
        "iss": rng.choice(("auth.example", "sdk")),
        "iat": milliseconds(rng) // 1000,
        "jti": token(rng, 16, 16),
    }
    claims |= {key: scalar for key, scalar in fields if not isinstance(scalar, bytes)}
    pieces = (
        json.dumps({"alg": "HS256", "typ": "JWT"}).encode(),
        json.dumps(claims, ensure_ascii=False).encode(),
        rng.randbytes(32),
    )
    return Body(
        data=".".join(base64.urlsafe_b64encode(piece).decode().rstrip("=") for piece in pieces),
        mime="text/plain",
    )


def protobuf_message(rng: Random, fields: Fields) -> Body:
    """A message without a schema, nested up to two deep."""
    data = protobuf.message(rng, fields, depth=rng.choice((0, 0, 1, 1, 2)))
    return Body(
        data=data,
        mime=rng.choice(("application/x-protobuf", "application/octet-stream", "application/protobuf")),
    )


def grpc(rng: Random, fields: Fields) -> Body:
    """One length-prefixed message as gRPC frames it, now and then compressed."""
    raw, squeezed = as_bytes(protobuf_message(rng, fields).data), rng.random() < 0.25
    raw = gzip.compress(raw, mtime=0) if squeezed else raw
    return Body(data=struct.pack(">BI", squeezed, len(raw)) + raw, mime="application/grpc")


def _tree(rng: Random, fields: Fields) -> dict[str, object]:
    tree: dict[str, object] = dict([*noise_fields(rng, 1, 4), *fields, *noise_fields(rng, 0, 2)])
    tree |= dict(fields)
    return {"v": 1, rng.choice(("data", "device", "e")): tree} if rng.random() < 0.5 else tree


def messagepack(rng: Random, fields: Fields) -> Body:
    """A MessagePack map."""
    return Body(data=bytes(msgpack.packb(_tree(rng, fields))), mime="application/msgpack")


def cbor(rng: Random, fields: Fields) -> Body:
    """A CBOR map."""
    return Body(data=cbor2.dumps(_tree(rng, fields)), mime="application/cbor")


def binary_plist(rng: Random, fields: Fields) -> Body:
    """A binary property list, as Apple's services send."""
    return Body(
        data=plistlib.dumps(_tree(rng, fields), fmt=plistlib.FMT_BINARY),
        mime="application/x-apple-binary-plist",
    )


def record(rng: Random, fields: Fields) -> Body:
    """A binary record of a private format: magic, version, time, values after their lengths, checksum."""
    body = rng.randbytes(4) + struct.pack(">HQ", rng.randrange(1, 9), milliseconds(rng))
    for _, scalar in (*noise_fields(rng, 1, 2), *fields, *noise_fields(rng, 0, 1)):
        raw = scalar if isinstance(scalar, bytes) else scalar_text(scalar).encode()
        body += struct.pack(">H", len(raw)) + raw
    return Body(data=body + struct.pack(">I", crc(body)), mime="application/octet-stream")


PACKERS: dict[str, Pack] = {
    "json": json_document,
    "json-in-json": json_in_json,
    "ndjson": ndjson,
    "form": form,
    "xml-text": xml_text,
    "xml-attributes": xml_attributes,
    "multipart": multipart,
    "jwt": jwt,
    "protobuf": protobuf_message,
    "grpc": grpc,
    "messagepack": messagepack,
    "cbor": cbor,
    "binary-plist": binary_plist,
    "record": record,
}
TAKES_BYTES = frozenset({"multipart", "protobuf", "grpc", "messagepack", "cbor", "binary-plist", "record"})
