"""Exchanges with known values under random layers, changed at random; detected, masked and reported."""

import base64
import gzip
import json
import random
import re
import zlib
from collections.abc import Callable
from functools import cache
from urllib.parse import quote

import brotli
import msgpack
import zstandard

from fuzz.decoders import samples
from fuzz.mutation import mutate
from phonehome.detect import Detector
from phonehome.detect.masking import Masker
from phonehome.model.exchange import Direction, Exchange, Message, Piece, Protocol
from phonehome.model.subject import DataType, KnownValue, Subject

IMEI, MAIL = "490154203237518", "jane.doe@example.org"
SUBJECT = Subject(
    values=(
        KnownValue(id="imei", type=DataType.IMEI, value=IMEI),
        KnownValue(id="mail", type=DataType.EMAIL, value=MAIL),
        KnownValue(id="phone", type=DataType.PHONE_NUMBER, value="+12025550143"),
        KnownValue(id="home", type=DataType.LOCATION, value="28.613900,77.209000"),
        KnownValue(id="sms", type=DataType.SMS_TEXT, value="Meet me at the old harbour at seven"),
    )
)
_SHOWN = re.compile(rf"{IMEI}|{re.escape(MAIL)}", re.IGNORECASE)
_PLAIN = (IMEI.encode(), MAIL.encode(), b"12025550143", b"28.6139,77.2090", b"me at the old harbour at seven")
LAYERS: tuple[Callable[[bytes], bytes], ...] = (
    base64.b64encode,
    base64.b32encode,
    lambda data: data.hex().encode(),
    lambda data: quote(data).encode(),
    lambda data: gzip.compress(data, mtime=0),
    zlib.compress,
    brotli.compress,
    lambda data: zstandard.ZstdCompressor().compress(data),
    lambda data: json.dumps({"k": data.decode("latin-1")}).encode(),
    lambda data: b"a=1&b=" + quote(data, safe="").encode(),
    lambda data: bytes(msgpack.packb({"k": data})),
    lambda data: b"\x0a" + bytes([len(data) & 0x7F]) + data,
    lambda data: b"<a><b>" + data + b"</b></a>",
)


@cache
def detector() -> tuple[Detector, Masker]:
    """Give the detector and a masker, made once because that takes long beside one run."""
    made = Detector(SUBJECT)
    return made, made.make_masker(reveal=False)


def make(chance: random.Random) -> bytes:
    """Make one input: a known value or a sample of a format, under up to four layers, mostly changed."""
    data = chance.choice((*_PLAIN, *samples()))
    for _ in range(chance.randint(0, 4)):
        data = chance.choice(LAYERS)(data)
        if chance.random() < 0.2:
            data = mutate(data, chance)
    return mutate(data, chance) if chance.random() < 0.5 else data


def check(data: bytes) -> int:
    """Detect in an exchange that holds these bytes in every part; gives the number of findings."""
    detecting, masker = detector()
    half = len(data) // 2
    exchange = Exchange(
        index=0,
        protocol=Protocol.HTTP_1_1,
        method="POST",
        url=b"https://example.com/" + data,
        host="example.com",
        request=Message(headers=((b"X-A", data), (b"Cookie", b"a=" + data)), body=data, codings=("gzip",)),
        response=Message(headers=((data[:40], data),), body=data[half:] + data[:half]),
        pieces=(Piece(direction=Direction.UP, data=data, text=True),),
    )
    [examined] = detecting.examine([exchange])
    assert examined.exchange is exchange
    for finding in examined.findings:
        assert finding.offset is None or finding.offset >= 0
        for layer in finding.layers:
            assert 0 <= layer.start <= layer.end <= len(layer.data)
            assert layer.offset + len(layer.data) <= layer.size
            window = masker.window(
                layer.data, layer.start, layer.end, finding.value_id, cut_left=False, cut_right=False
            )
            assert not _SHOWN.search("".join(window)), "a known value shows in a masked window"
    assert not _SHOWN.search(masker.text(data)), "a known value shows in a masked text"
    return len(examined.findings)
