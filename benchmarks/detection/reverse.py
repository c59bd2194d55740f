"""Peels a generated request by the layers that its truth names, each by its own inverse.

It checks the generator, and is written against the formats, not against the generator's encoders: what it cannot
find by the named layers was not planted as the truth says.
"""

import base64
import bz2
import gzip
import html
import json
import lzma
import plistlib
import quopri
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from email import message_from_bytes
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit
from xml.etree import ElementTree

import brotli
import cbor2
import cramjam
import lz4.frame
import msgpack
import zstandard

from benchmarks.detection.generator.requests import Har

Leaf = str | bytes | int | float
Tree: TypeAlias = "Leaf | list[Tree] | dict[str, Tree] | None"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BASE64_RUN = re.compile(r"[A-Za-z0-9+/_-]{2,}(?:\r?\n[A-Za-z0-9+/_-]+)*={0,2}")


def raw(leaf: Leaf) -> bytes:
    """A leaf's bytes."""
    return leaf if isinstance(leaf, bytes) else str(leaf).encode()


def text(leaf: Leaf) -> str:
    """A leaf's text; UnicodeDecodeError if it has none."""
    return leaf.decode() if isinstance(leaf, bytes) else str(leaf)


def leaves(tree: Tree) -> Iterator[Leaf]:
    """The scalars of a decoded document."""
    if isinstance(tree, dict):
        for value in tree.values():
            yield from leaves(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from leaves(value)
    elif tree is not None:
        yield tree


def peel(entry: Har, layers: Iterable[str]) -> list[Leaf]:
    """What a request holds under the layers, outermost first."""
    names = list(layers)
    found: list[Leaf] = list(_spot(entry, names[0] if names else ""))
    if names and names[0] in ("query", "path", "header", "cookie"):
        names = names[1:]
    for name in names:
        found = [inner for leaf in found for inner in _tried(INVERSE[name], leaf)]
    return found


def _tried(inverse: Callable[[Leaf], Iterable[Leaf]], leaf: Leaf) -> list[Leaf]:
    # An unrelated field is no JSON, no gzip, no Base 64: whatever its inverse raises says just that.
    try:
        return list(inverse(leaf))
    except Exception:  # noqa: BLE001
        return []


def _spot(entry: Har, first: str) -> Iterator[Leaf]:
    request, response = _har(entry["request"]), _har(entry["response"])
    url = urlsplit(str(request["url"]))
    headers = [(str(item["name"]), str(item["value"])) for item in (*_list(request), *_list(response))]
    if first == "query":
        yield from (value for _, value in parse_qsl(url.query, keep_blank_values=True))
    elif first == "path":
        yield from (unquote(part) for part in url.path.split("/"))
    elif first == "header":
        yield from (value.removeprefix("Bearer ") for _, value in headers)
    elif first == "cookie":
        cookies = [value for name, value in headers if name == "Cookie"]
        yield from (pair.partition("=")[2] for line in cookies for pair in line.split("; "))
    else:
        yield from _bodies(entry, request, response)


def _har(item: object) -> Har:
    assert isinstance(item, dict)
    return item


def _list(message: Har) -> list[Har]:
    headers = message["headers"]
    assert isinstance(headers, list)
    return headers


def _bodies(entry: Har, request: Har, response: Har) -> Iterator[Leaf]:
    for holder in (request.get("postData"), response["content"]):
        if isinstance(holder, dict) and "text" in holder:
            content, mime = str(holder["text"]), str(holder["mimeType"])
            data = base64.b64decode(content) if "encoding" in holder else content.encode()
            # What a multipart body needs of its header goes before it, as in a mail.
            yield f"Content-Type: {mime}\r\n\r\n".encode() + data if mime.startswith("multipart") else data
    messages = entry.get("_webSocketMessages", [])
    assert isinstance(messages, list)
    for message in messages:
        data_text = str(message["data"])
        yield data_text.encode() if message["opcode"] == 1 else base64.b64decode(data_text)


def _json(leaf: Leaf) -> Iterator[Leaf]:
    return leaves(json.loads(text(leaf)))


def _json_in_json(leaf: Leaf) -> Iterator[Leaf]:
    for inner in _json(leaf):
        yield from _tried(_json, inner)


def _ndjson(leaf: Leaf) -> Iterator[Leaf]:
    for line in text(leaf).splitlines():
        yield from _json(line)


def _form(leaf: Leaf) -> Iterator[Leaf]:
    return (value for _, value in parse_qsl(text(leaf), keep_blank_values=True, strict_parsing=True))


def _xml_text(leaf: Leaf) -> Iterator[Leaf]:
    return (element.text or "" for element in ElementTree.fromstring(text(leaf)).iter())


def _xml_attributes(leaf: Leaf) -> Iterator[Leaf]:
    return (
        value for element in ElementTree.fromstring(text(leaf)).iter() for value in element.attrib.values()
    )


def _multipart(leaf: Leaf) -> Iterator[Leaf]:
    data = raw(leaf)
    head, _, body = data.partition(b"\r\n\r\n")
    boundary = b"--" + message_from_bytes(head).get_boundary("").encode()
    for part in body.split(boundary)[1:-1]:
        yield part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")


def _jwt(leaf: Leaf) -> Iterator[Leaf]:
    _, claims, _ = text(leaf).split(".")
    return _json(_base64(claims))


def _base64(encoded: str) -> bytes:
    encoded = "".join(encoded.split()).rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)


def _base64_runs(leaf: Leaf) -> Iterator[Leaf]:
    runs = [match.group() for match in BASE64_RUN.finditer(text(leaf))]
    for run in (text(leaf), *runs):
        yield from _tried(lambda encoded: [_base64(text(encoded))], run)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        number |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return number, at


def _protobuf(leaf: Leaf) -> Iterator[Leaf]:
    data, at = raw(leaf), 0
    while at < len(data):
        tag, at = _varint(data, at)
        if tag & 7 == 0:
            number, at = _varint(data, at)
            yield number
            continue
        length = {1: 8, 5: 4}.get(tag & 7)
        if length is None:
            length, at = _varint(data, at)
        field, at = data[at : at + length], at + length
        yield field
        yield from _tried(_protobuf, field)


def _grpc(leaf: Leaf) -> Iterator[Leaf]:
    squeezed, length = struct.unpack(">BI", raw(leaf)[:5])
    message = raw(leaf)[5 : 5 + length]
    return _protobuf(gzip.decompress(message) if squeezed else message)


def _record(leaf: Leaf) -> Iterator[Leaf]:
    data, at = raw(leaf), 14
    while at < len(data) - 4:
        (length,) = struct.unpack_from(">H", data, at)
        yield data[at + 2 : at + 2 + length]
        at += 2 + length


def _base58(leaf: Leaf) -> Iterator[Leaf]:
    number = 0
    for letter in text(leaf):
        number = number * 58 + BASE58.index(letter)
    yield number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base16(leaf: Leaf) -> Iterator[Leaf]:
    yield bytes.fromhex(re.sub("[:-]", " ", text(leaf)))


def _base32(leaf: Leaf) -> Iterator[Leaf]:
    encoded = text(leaf).upper().rstrip("=")
    yield base64.b32decode(encoded + "=" * (-len(encoded) % 8))


def _ascii85(leaf: Leaf) -> Iterator[Leaf]:
    yield base64.a85decode(text(leaf), adobe=text(leaf).startswith("<~"))


def _utf16(order: str) -> Callable[[Leaf], Iterable[Leaf]]:
    return lambda leaf: [raw(leaf).decode(f"utf-16-{order}").removeprefix("\ufeff")]


def _percent(leaf: Leaf) -> Iterator[Leaf]:
    plain = text(leaf)
    yield unquote(plain)
    yield unquote_plus(plain)
    for _, value in parse_qsl(urlsplit(unquote(plain)).query):
        yield value


def _zstd(leaf: Leaf) -> Iterable[Leaf]:
    return [zstandard.ZstdDecompressor().decompressobj().decompress(raw(leaf))]


INVERSE: dict[str, Callable[[Leaf], Iterable[Leaf]]] = {
    "json": _json,
    "json-in-json": _json_in_json,
    "json-string": lambda leaf: [json.loads(text(leaf))],
    "json-escapes": lambda leaf: [leaf],  # undone where the document is read
    "ndjson": _ndjson,
    "form": _form,
    "xml-text": _xml_text,
    "xml-attributes": _xml_attributes,
    "multipart": _multipart,
    "jwt": _jwt,
    "protobuf": _protobuf,
    "grpc": _grpc,
    "record": _record,
    "messagepack": lambda leaf: leaves(msgpack.unpackb(raw(leaf))),
    "cbor": lambda leaf: leaves(cbor2.loads(raw(leaf))),
    "binary-plist": lambda leaf: leaves(plistlib.loads(raw(leaf), fmt=plistlib.FMT_BINARY)),
    "percent": _percent,
    "html-entities": lambda leaf: [html.unescape(text(leaf))],
    "quoted-printable": lambda leaf: [quopri.decodestring(raw(leaf))],
    **dict.fromkeys(("base16", "base16-lower", "base16-upper", "base16-separated"), _base16),
    "base32": _base32,
    "base58": _base58,
    **dict.fromkeys(("base64-standard", "base64-url", "base64-unpadded", "base64-wrapped"), _base64_runs),
    "base85": lambda leaf: [base64.b85decode(text(leaf))],
    "ascii85": _ascii85,
    "utf-16-le": _utf16("le"),
    "utf-16-be": _utf16("be"),
    "gzip": lambda leaf: [gzip.decompress(raw(leaf))],
    "zlib": lambda leaf: [zlib.decompress(raw(leaf))],
    "deflate": lambda leaf: [zlib.decompress(raw(leaf), -15)],
    "brotli": lambda leaf: [brotli.decompress(raw(leaf))],
    "zstd": _zstd,
    "lz4": lambda leaf: [lz4.frame.decompress(raw(leaf))],
    "snappy-framed": lambda leaf: [bytes(cramjam.snappy.decompress(raw(leaf)))],
    "snappy-raw": lambda leaf: [bytes(cramjam.snappy.decompress_raw(raw(leaf)))],
    "bzip2": lambda leaf: [bz2.decompress(raw(leaf))],
    "xz": lambda leaf: [lzma.decompress(raw(leaf))],
}
