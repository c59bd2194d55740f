"""Layers, containers and digests by independent encoders: the chain, the path, and the very bytes."""

import base64
import bz2
import gzip
import hashlib
import html
import io
import json
import lzma
import plistlib
import quopri
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from urllib.parse import quote, urlencode

import brotli
import cbor2
import lz4.frame
import msgpack
import pytest
import zstandard
from detecting import AD_ID, ANDROID_ID, EMAIL, IMEI, SMS, cut_out, find, known, part_bytes, sent, subject_of

from phonehome.model.exchange import Direction, Exchange, Message, Protocol
from phonehome.model.finding import Finding, Method, Part

SUBJECT = subject_of(known("imei", IMEI))
RAW = IMEI.encode()
# Repeats halves of the value, or a compression would store it as it is.
TEXT = (
    b"seq=49015420-00;seq=3237518-00;" * 3
    + b"model=Heron 4;imei=490154203237518;build=QK1.230901.004;lang=en-IN;tz=Asia/Kolkata"
)


def only(findings: list[Finding]) -> Finding:
    assert len(findings) == 1, [(found.form, found.chain, found.path) for found in findings]
    return findings[0]


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


CODINGS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("base64", base64.b64encode),
    ("base64", lambda data: base64.b64encode(data).rstrip(b"=")),
    ("base64", lambda data: base64.encodebytes(data * 3)),
    ("base64url", lambda data: base64.urlsafe_b64encode(b"\xfb\xef\xbe" + data)),
    ("base16", lambda data: data.hex().encode()),
    ("base16", lambda data: data.hex().upper().encode()),
    ("base16", lambda data: data.hex(":").encode()),
    ("base32", base64.b32encode),
    ("base85", base64.b85encode),
    ("ascii85", lambda data: base64.a85encode(data, adobe=True)),
    ("percent", lambda data: b"".join(b"%%%02X" % byte for byte in data)),
    ("html-entities", lambda data: b"".join(b"&#%d;" % byte for byte in data)),
    ("json-escape", lambda data: b"".join(b"\\u%04x" % byte for byte in data)),
    ("quoted-printable", lambda data: b"".join(b"=%02X" % byte for byte in data)),
    ("gzip", gzip.compress),
    ("zlib", zlib.compress),
    ("deflate", deflated),
    ("br", brotli.compress),
    ("zstd", lambda data: zstandard.ZstdCompressor().compress(data)),
    ("bzip2", bz2.compress),
    ("xz", lzma.compress),
    ("lz4", lambda data: lz4.frame.compress(data)),
    ("utf-16-le", lambda data: data.decode().encode("utf-16-le")),
    ("utf-16-be", lambda data: data.decode().encode("utf-16-be")),
]


@pytest.mark.parametrize(
    ("name", "encode"), CODINGS, ids=[f"{i}-{name}" for i, (name, _) in enumerate(CODINGS)]
)
def test_a_value_is_found_under_this_layer(name: str, encode: Callable[[bytes], bytes]) -> None:
    body = encode(TEXT)
    finding = find(SUBJECT, sent(body))[0]
    assert finding.value_id == "imei-1"
    assert name in finding.chain
    assert finding.offset is not None
    assert encode(TEXT).startswith(cut_out(finding)[:4], finding.offset)


@pytest.mark.parametrize("before", ["", "x", "xy", "token="])
@pytest.mark.parametrize("shift", [0, 1, 2])
def test_base64_inside_longer_text_is_found_at_every_alignment(before: str, shift: int) -> None:
    body = f"{before or 'a'} {base64.b64encode(b'#' * shift + TEXT).decode()} tail".encode()
    finding = only(find(SUBJECT, sent(body)))
    assert finding.chain[-1] == "base64"
    assert b"imei=490154203237518" in base64.b64decode(cut_out(finding) + b"==")


def multipart(data: bytes) -> bytes:
    head = b'--b0\r\nContent-Disposition: form-data; name="dev"; filename="d.txt"\r\n\r\n'
    return head + data + b"\r\n--b0--\r\n"


def protobuf(data: bytes) -> bytes:
    inner = b"\x1a" + bytes([len(data)]) + data
    return b"\x08\x07\x12" + bytes([len(inner)]) + inner


def jwt(data: bytes) -> bytes:
    parts = [b'{"alg":"none"}', json.dumps({"sub": data.decode()}).encode(), b"signature!"]
    return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)


def zipped(data: bytes, method: int = zipfile.ZIP_STORED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        archive.writestr("log.txt", data)
    return sink.getvalue()


def tarred(data: bytes) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        info = tarfile.TarInfo("log.txt")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()


CONTAINERS: list[tuple[str, str, Callable[[bytes], bytes]]] = [
    ("form", "form:imei", lambda data: b"a=1&imei=" + data + b"&z=2"),
    ("json", "$.device.ids[1]", lambda data: b'{"device":{"ids":["x","' + data + b'"]}}'),
    ("json", "$.n", lambda data: b'{"n": ' + data + b"}"),
    ("ndjson", "[1]$.id", lambda data: b'{"id":"none"}\n{"id":"' + data + b'"}\n'),
    ("xml", "/a/b/@id", lambda data: b'<a><b id="' + data + b'">t</b></a>'),
    ("xml", "/a/b", lambda data: b"<a><b>" + data + b"</b></a>"),
    ("multipart", "multipart:dev", multipart),
    ("zip", "zip:log.txt", zipped),
    ("tar", "tar:log.txt", tarred),
    ("msgpack", "$.device.imei", lambda data: msgpack.packb({"device": {"imei": data.decode()}})),
    ("cbor", "$.device.imei", lambda data: cbor2.dumps({"device": {"imei": data.decode()}})),
    ("bplist", "$.imei", lambda data: plistlib.dumps({"imei": data.decode()}, fmt=plistlib.FMT_BINARY)),
    ("protobuf", "2.3", protobuf),
    ("grpc", "grpc:0 > 2.3", lambda data: b"\x00" + struct.pack(">I", len(protobuf(data))) + protobuf(data)),
]


@pytest.mark.parametrize(
    ("name", "path", "encode"), CONTAINERS, ids=[f"{name}-{path}" for name, path, _ in CONTAINERS]
)
def test_the_path_leads_to_the_value_in_this_container(
    name: str, path: str, encode: Callable[[bytes], bytes]
) -> None:
    finding = only(find(SUBJECT, sent(encode(RAW))))
    assert name in finding.chain
    assert finding.path == path
    if finding.offset is not None:
        assert cut_out(finding) == RAW


@pytest.mark.parametrize("wrap", [lambda data: data, gzip.compress, base64.b64encode, zipped])
def test_a_value_in_a_compressed_member_is_found_and_its_offset_leads_to_the_stored_bytes(
    wrap: Callable[[bytes], bytes],
) -> None:
    finding = only(find(SUBJECT, sent(wrap(zipped(TEXT, zipfile.ZIP_DEFLATED)))))
    assert finding.chain[-1] == "zip"
    assert finding.path.endswith("zip:log.txt")
    if len(finding.chain) == 1:
        assert zlib.decompress(cut_out(finding), wbits=-15) == TEXT


def test_a_json_web_token_is_taken_apart() -> None:
    finding = only(find(SUBJECT, sent(headers=[(b"Authorization", b"Bearer " + jwt(RAW))])))
    assert finding.path.startswith("header:Authorization")
    assert finding.path.endswith("$.sub")


Nest = list[tuple[str, Callable[[bytes], bytes]]]
NESTS: list[Nest] = [
    [("json", lambda data: json.dumps({"d": data.decode()}).encode()), ("base64", base64.b64encode)],
    [("base64", base64.b64encode), ("gzip", gzip.compress), ("json", lambda d: b'{"i":"%b"}' % d)],
    [
        ("form", lambda data: urlencode({"p": data.decode()}).encode()),
        ("base64", base64.b64encode),
        ("zlib", zlib.compress),
        ("json", lambda data: b'{"imei":"%b","os":"14"}' % data),
    ],
    [
        ("gzip", gzip.compress),
        ("json", lambda data: json.dumps({"payload": data.decode()}).encode()),
        ("json", lambda data: json.dumps([{"blob": data.decode()}]).encode()),
        ("base64", base64.b64encode),
        ("zlib", zlib.compress),
    ],
    [
        ("json", lambda data: json.dumps({"q": data.decode()}).encode()),
        ("base16", lambda data: data.hex().encode()),
        ("br", brotli.compress),
        ("json", lambda data: json.dumps({"w": data.decode()}).encode()),
        ("base64", base64.b64encode),
        ("msgpack", lambda data: msgpack.packb({"imei": data.decode(), "v": 3})),
    ],
]


@pytest.mark.parametrize("nest", NESTS, ids=[" ".join(name for name, _ in nest) for nest in NESTS])
def test_nested_layers_are_named_from_the_outside_in(nest: Nest) -> None:
    body = RAW
    for _, encode in reversed(nest):
        body = encode(body)
    finding = only(find(SUBJECT, sent(body)))
    assert [name for name in finding.chain if name != "percent"] == [name for name, _ in nest]
    assert finding.offset is not None


ALGORITHMS = [
    "md5",
    "sha1",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "sha3_256",
    "sha3_512",
    "blake2b",
    "blake2s",
]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    ("spelling", "write"),
    [
        ("lower-hex", lambda digest: digest.hex().encode()),
        ("upper-hex", lambda digest: digest.hex().upper().encode()),
        ("base64", base64.b64encode),
        ("raw", lambda digest: b"\x00\x01\xff\xfe" + digest + b"\xfe\x00"),
    ],
)
def test_a_digest_is_found_in_every_spelling(
    algorithm: str, spelling: str, write: Callable[[bytes], bytes]
) -> None:
    written = write(hashlib.new(algorithm, RAW).digest())
    findings = find(
        SUBJECT, sent(b"\x01" * 3 + written if spelling == "raw" else b'{"h":"' + written + b'"}')
    )
    label = algorithm.replace("sha3_", "sha3-")
    spellings = {spelling, "base64url"} if spelling == "base64" else {spelling}
    assert {found.form for found in findings} & {f"imei/{label}/{one}" for one in spellings}
    assert all(found.method is Method.DIGEST for found in findings)


def test_digests_cut_short_and_digests_of_digests_are_found() -> None:
    md5, sha1 = hashlib.md5(RAW).hexdigest(), hashlib.sha1(RAW)
    cases = {
        md5[8:24]: "imei/md5/middle-16/lower-hex",
        sha1.hexdigest()[:16]: "imei/sha1/lower-hex-16",
        base64.urlsafe_b64encode(sha1.digest())[:16].decode(): "imei/sha1/base64",
        hashlib.sha256(md5.encode()).hexdigest(): "imei/md5/sha256/lower-hex",
        hashlib.md5(md5.upper().encode()).hexdigest(): "imei/md5/upper-hex/md5/lower-hex",
        hashlib.md5(sha1.digest()).hexdigest(): "imei/sha1/raw/md5/lower-hex",
    }
    for written, form in cases.items():
        assert only(find(SUBJECT, sent(f"h={written}&z=1".encode()))).form.startswith(form)


@pytest.mark.parametrize(
    "near", [hashlib.md5(b"490154203237519").hexdigest(), hashlib.md5(RAW).hexdigest()[:14], "0" * 32]
)
def test_a_strangers_digest_or_seven_bytes_of_ours_are_not_found(near: str) -> None:
    assert find(SUBJECT, sent(f"h={near}&z=1".encode())) == []


PLACES = [
    (sent(url=b"https://c.example.net/a/490154203237518/b"), Part.REQUEST_URL, "url:2"),
    (sent(url=b"https://c.example.net/a?id=490154203237518#f"), Part.REQUEST_URL, "query:id"),
    (sent(url=b"https://490154203237518.c.example.net/a"), Part.REQUEST_URL, "host"),
    (sent(url=b"https://c.example.net/a#490154203237518"), Part.REQUEST_URL, "fragment"),
    (
        sent(headers=[(b"Accept", b"*/*"), (b"X-Dev", b"490154203237518")]),
        Part.REQUEST_HEADERS,
        "header:X-Dev",
    ),
    (sent(headers=[(b"Cookie", b"a=b; did=490154203237518")]), Part.REQUEST_HEADERS, "cookie:did"),
    (sent(response=b'{"you":"490154203237518"}'), Part.RESPONSE_BODY, "$.you"),
    (sent(response_headers=[(b"X-You", b"490154203237518")]), Part.RESPONSE_HEADERS, "header:X-You"),
    (sent(pieces=[b"hi", b"no", b'{"i":"490154203237518"}']), Part.MESSAGE, "message:2 > $.i"),
    (sent(pieces=[b"\x10\x0fid 490154203237518"], protocol=Protocol.RAW), Part.STREAM, "message:0"),
]


@pytest.mark.parametrize(
    ("exchange", "part", "path"), PLACES, ids=[f"{part}-{path}" for _, part, path in PLACES]
)
def test_every_part_of_an_exchange_is_looked_at(exchange: Exchange, part: Part, path: str) -> None:
    finding = only(find(SUBJECT, exchange))
    assert (finding.part, finding.path) == (part, path)
    assert cut_out(finding) == RAW
    down = part in {Part.RESPONSE_BODY, Part.RESPONSE_HEADERS}
    assert finding.direction is (Direction.DOWN if down else Direction.UP)


def test_what_a_message_from_the_server_holds_went_down() -> None:
    assert only(find(SUBJECT, sent(pieces=[b"who am I?", RAW]))).direction is Direction.DOWN


@pytest.mark.parametrize("protocol", [Protocol.HTTP_2, Protocol.HTTP_3])
def test_a_packed_header_has_no_offset(protocol: Protocol) -> None:
    exchange = sent(headers=[(b"x-dev", RAW)], protocol=protocol)
    assert only(find(SUBJECT, exchange)).offset is None


@pytest.mark.parametrize(
    ("coding", "encode"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", deflated), ("br", brotli.compress)],
)
def test_a_content_coding_is_a_layer_and_the_offset_points_into_the_stored_body(
    coding: str, encode: Callable[[bytes], bytes]
) -> None:
    body = encode(b'{"halves":["49015420","3237518"],"imei":"490154203237518"}')
    finding = only(find(SUBJECT, sent(body, codings=[coding])))
    assert finding.chain[1:] == ("json",)
    assert (finding.offset, finding.length) == (0, len(body))


def test_a_percent_escape_in_a_query_names_the_layer_and_the_escaped_bytes() -> None:
    subject = subject_of(known("email", EMAIL))
    finding = only(find(subject, sent(url=b"https://c.example.net/a?e=" + quote(EMAIL, safe="").encode())))
    assert finding.chain == ("query", "percent")
    assert cut_out(finding).decode() == quote(EMAIL, safe="")


def test_escaped_text_is_found_in_every_spelling_of_its_letters() -> None:
    text = "Zoë 欧阳 meets the heron at the old pickle factory 🦩"
    subject = subject_of(known("sms_text", text))
    ascii_json = json.dumps({"t": text})
    for body in (
        ascii_json.encode(),
        json.dumps(ascii_json).encode(),
        quote(text).encode(),
        quote(quote(text)).encode(),
        html.escape(text).encode("ascii", "xmlcharrefreplace"),
        quopri.encodestring(text.encode()),
        text.encode("utf-16"),
        base64.b64encode(text.encode("utf-16-le")),
    ):
        assert find(subject, sent(body)), body[:20]


def test_the_evidence_can_be_peeled_by_hand() -> None:
    inner = b'{"imei":"490154203237518"}'
    body = b'{"data":"' + base64.b64encode(gzip.compress(inner)) + b'"}'
    finding = only(find(SUBJECT, sent(body)))
    assert finding.layers[0].data == body
    spans = [layer.data[layer.start : layer.end] for layer in finding.layers]
    step = json.loads(body)["data"].encode()
    assert spans[0] == step
    assert gzip.decompress(base64.b64decode(spans[1] + b"==")) == inner
    assert spans[-1] == RAW
    assert [layer.name for layer in finding.layers][1:] == list(finding.chain)


def test_a_window_says_where_in_its_layer_it_lies() -> None:
    body = b"x " * 5_000 + RAW + b" y" * 5_000
    finding = only(find(SUBJECT, sent(body)))
    layer = finding.layers[-1]
    assert layer.size == len(body)
    assert body[layer.offset : layer.offset + len(layer.data)] == layer.data
    assert layer.data[layer.start : layer.end] == RAW
    assert len(layer.data) < 400


def test_a_value_that_stands_twice_in_one_place_is_counted() -> None:
    finding = only(find(SUBJECT, sent(RAW + b" and " + RAW)))
    assert finding.count == 2
    assert finding.offset == 0


def test_several_values_in_one_body_are_each_found() -> None:
    subject = subject_of(known("imei", IMEI), known("advertising_id", AD_ID), known("android_id", ANDROID_ID))
    body = json.dumps({"a": IMEI, "b": AD_ID, "c": ANDROID_ID, "t": SMS}).encode()
    assert {(found.value_id, found.path) for found in find(subject, sent(body))} == {
        ("imei-1", "$.a"),
        ("advertising-id-1", "$.b"),
        ("android-id-1", "$.c"),
    }


def test_a_message_without_a_body_holds_nothing() -> None:
    exchange = sent()
    assert part_bytes(only(find(SUBJECT, sent(RAW)))) == RAW
    assert exchange.request == Message()
    assert find(SUBJECT, exchange) == []
