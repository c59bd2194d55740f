"""Encoded data changed at random, given to every decoder; each keeps the promises of `decoders.base`."""

import base64
import binascii
import bz2
import gzip
import io
import json
import lzma
import plistlib
import random
import tarfile
import zipfile
import zlib
from functools import cache

import brotli
import cbor2
import cramjam
import lz4.frame
import msgpack
import zstandard

from fuzz.mutation import mutate
from phonehome.decoders import COMPRESSIONS, CONTAINERS, TEXT_CODINGS
from phonehome.decoders.base import Compression, Container, TextCoding
from phonehome.model.errors import DecodeError, LimitExceeded

DOCUMENT = {"id": "490154203237518", "at": [28.6139, 77.209], "who": {"mail": "jane@example.org", "n": 12}}
INFLATED_LIMIT = 1 << 20
LEAVES_LIMIT = 2_000


@cache
def samples() -> tuple[bytes, ...]:
    """Give one small sample of every format, in a fixed order."""
    text = json.dumps(DOCUMENT).encode()
    return (
        *(text, json.dumps([DOCUMENT] * 3, indent=2).encode(), text + b"\n" + text + b"\n"),
        *(cbor2.dumps(DOCUMENT), msgpack.packb(DOCUMENT), plistlib.dumps(DOCUMENT, fmt=plistlib.FMT_BINARY)),
        *(gzip.compress(text, mtime=0), zlib.compress(text), zlib.compress(text, wbits=-15)),
        *(bz2.compress(text), lzma.compress(text), lzma.compress(text, lzma.FORMAT_ALONE)),
        *(brotli.compress(text), zstandard.ZstdCompressor().compress(text), lz4.frame.compress(text)),
        *(bytes(cramjam.snappy.compress(text)), bytes(cramjam.snappy.compress_raw(text))),
        *(bytes(cramjam.lz4.compress_block(text, store_size=False)), text.decode().encode("utf-16")),
        *(
            base64.b64encode(text),
            base64.urlsafe_b64encode(text),
            base64.b32encode(text),
            text.hex().encode(),
        ),
        *(base64.b85encode(text), base64.a85encode(text, adobe=True), binascii.b2a_qp(text)),
        *(b"%7B%22a%22%3A1%7D", b"&lt;a&gt;&#65;&#x42;", b"\\u0041\\n\\x41", b"3mJr7AoUXx2Wqd8eGkTz"),
        *(b"a=1&b=2&c=%41", b"a=1; b=2; Path=/", b"<a x='1'><b>t</b><![CDATA[u]]></a>"),
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nv\r\n--b--\r\n',
        b"eyJhbGciOiJub25lIn0.eyJpZCI6IjQ5MDE1NDIwMzIzNzUxOCJ9.c2ln",
        b"\x0a\x0f490154203237518\x12\x04\x08\x96\x01\x10\x1d\x9a\x99\x99\x41",
        b"\x00\x00\x00\x00\x11\x0a\x0f490154203237518",
        b"01-02-03-04-05-06-07-08",
        _zipped(text),
        _tarred(text),
    )


def _zipped(text: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("a.json", "b.json"):
            archive.writestr(zipfile.ZipInfo(name), text, zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def _tarred(text: bytes) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        info = tarfile.TarInfo("a.json")
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text))
    return sink.getvalue()


def make(chance: random.Random) -> bytes:
    """Make one input."""
    return mutate(chance.choice(samples()), chance)


def check(data: bytes) -> int:
    """Give bytes to every decoder; gives how many of them could read something."""
    inflated = sum(_check_compression(decoder, data) for decoder in COMPRESSIONS)
    decoded = sum(_check_coding(decoder, data) for decoder in TEXT_CODINGS)
    return inflated + decoded + sum(_check_container(decoder, data) for decoder in CONTAINERS)


def _check_compression(decoder: Compression, data: bytes) -> int:
    try:
        result = decoder.inflate(data, INFLATED_LIMIT)
    except (DecodeError, LimitExceeded):
        return 0
    assert len(result.data) <= INFLATED_LIMIT, decoder.name
    assert 0 <= result.consumed <= len(data), decoder.name
    return 1


def _check_coding(decoder: TextCoding, data: bytes) -> int:
    read = 0
    for span in (data, *(match.group() for match in decoder.pattern.finditer(data))):
        try:
            decoder.decode(span)
        except (DecodeError, LimitExceeded):
            continue
        read = 1
    return read


def _check_container(decoder: Container, data: bytes) -> int:
    try:
        leaves = decoder.split(data, LEAVES_LIMIT)
    except (DecodeError, LimitExceeded):
        return 0
    assert len(leaves) <= LEAVES_LIMIT, decoder.name
    for leaf in leaves:
        assert -1 <= leaf.start <= leaf.end <= len(data), decoder.name
    return 1
