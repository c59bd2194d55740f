from array import array
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from unittest.mock import patch

import pytest
from compiled_parts import compiled_parts
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from hypothesis import given, settings
from hypothesis import strategies as st
from tls_live import read_tls
from tls_sealed import KEYS, connection, record, seal_old_chacha

from phonehome.wire.side import Side
from phonehome.wire.tls import KeyLog, records
from phonehome.wire.tls.ciphers import Aead13, AeadExplicit, AeadImplicit, Opener
from phonehome.wire.tls.events import Event
from phonehome.wire.tls.legacy import OldChaCha20
from phonehome.wire.tls.records import open_records as plain
from phonehome.wire.tls.schedule import expand_label
from phonehome.wire.tls.suites import Kind, Suite

with compiled_parts():
    from phonehome.wire.native.records import open_records as compiled

SECRET = bytes(range(32))
KEY = bytes(range(50, 82))
SUITES = {
    kind: Suite(name=kind.name, kind=kind, cipher="AES", key_bytes=size, mac="", digest="sha256")
    for kind, size in ((Kind.GCM, 16), (Kind.CCM, 16), (Kind.CCM_8, 32), (Kind.CHACHA20, 32))
}
APPLICATION_DATA, ALERT, HANDSHAKE = 23, 21, 22
SealRecord = Callable[[int, int, bytes], bytes]
"""Makes a whole record of its number, type and content."""


def encrypt(suite: Suite, key: bytes, nonce: bytes, content: bytes, additional: bytes) -> bytes:
    if suite.kind is Kind.GCM:
        return AESGCM(key).encrypt(nonce, content, additional)
    if suite.kind is Kind.CHACHA20:
        return ChaCha20Poly1305(key).encrypt(nonce, content, additional)
    return AESCCM(key, 8 if suite.kind is Kind.CCM_8 else 16).encrypt(nonce, content, additional)


def mixed(fixed: bytes, number: int) -> bytes:
    return (int.from_bytes(fixed, "big") ^ number).to_bytes(12, "big")


def tag_bytes(suite: Suite) -> int:
    return 8 if suite.kind is Kind.CCM_8 else 16


def said_of(number: int, kind: int, content: bytes) -> bytes:
    """The additional data of TLS 1.2."""
    return number.to_bytes(8, "big") + bytes([kind, 3, 3]) + len(content).to_bytes(2, "big")


def sealer13(suite: Suite, padding: int) -> SealRecord:
    key = expand_label("sha256", SECRET, "key", suite.key_bytes)
    fixed = expand_label("sha256", SECRET, "iv", 12)

    def seal(number: int, kind: int, content: bytes) -> bytes:
        inner = content + bytes([kind]) + bytes(padding)
        head = bytes([23, 3, 3]) + (len(inner) + tag_bytes(suite)).to_bytes(2, "big")
        return head + encrypt(suite, key, mixed(fixed, number), inner, head)

    return seal


def sealer_explicit(suite: Suite) -> SealRecord:
    def seal(number: int, kind: int, content: bytes) -> bytes:
        stands = ((number * 0x0101_0101_0101 + 7) % 2**64).to_bytes(8, "big")
        sealed = encrypt(
            suite, KEY[: suite.key_bytes], b"salt" + stands, content, said_of(number, kind, content)
        )
        return record(kind, 0x0303, stands + sealed)

    return seal


def sealer_implicit(suite: Suite) -> SealRecord:
    def seal(number: int, kind: int, content: bytes) -> bytes:
        nonce = mixed(b"fixed nonce!", number)
        sealed = encrypt(suite, KEY[: suite.key_bytes], nonce, content, said_of(number, kind, content))
        return record(kind, 0x0303, sealed)

    return seal


def seal_as_google(number: int, kind: int, content: bytes) -> bytes:
    head = said_of(number, kind, content)
    return record(kind, 0x0303, seal_old_chacha(KEY, number.to_bytes(8, "big"), content, head))


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    opener: Opener
    seal: SealRecord


def make(name: str) -> Protection:
    """An opener, and what seals for it; those of AEADs keep nothing, so that one can open twice."""
    kind, _, where = name.partition(" ")
    if kind == "OLD":
        return Protection(opener=OldChaCha20(KEY), seal=seal_as_google)
    suite = SUITES[Kind[kind]]
    if where == "explicit":
        opener = AeadExplicit(suite, KEY[: suite.key_bytes], b"salt")
        return Protection(opener=opener, seal=sealer_explicit(suite))
    if where == "implicit":
        made = AeadImplicit(suite, KEY[: suite.key_bytes], b"fixed nonce!")
        return Protection(opener=made, seal=sealer_implicit(suite))
    return Protection(opener=Aead13(suite, SECRET), seal=sealer13(suite, 0 if where == "1.3" else 37))


NAMES = [f"{kind.name} {where}" for kind in SUITES for where in ("1.3", "padded", "explicit", "implicit")]
NAMES.append("OLD chacha")
PROTECTIONS = {name: make(name) for name in NAMES}

Walk = Callable[
    [Opener, bytes, int, int, list[bytes], "array[int]", int, int], tuple[int, int, int, Event | None]
]
Opened = tuple[int, int, int, bytes, list[int], tuple[object, ...] | None]


def open_all(walk: Walk, opener: Opener, data: bytes, position: int, sequence: int) -> Opened:
    parts, marks = [b"before"], array("q", [1, 2])
    end, number, size, event = walk(opener, data, position, sequence, parts, marks, 1000, 70)
    stopped = (event.what, event.kind, event.content, event.start, event.stop) if event is not None else None
    return end, number, size, b"".join(parts), marks.tolist(), stopped


def both(name: str, data: bytes, position: int = 0, sequence: int = 0) -> Opened:
    """What both give, which is one thing."""
    opener = PROTECTIONS[name].opener
    opened = open_all(compiled, opener, data, position, sequence)
    assert opened == open_all(plain, opener, data, position, sequence)
    return opened


contents = st.binary(max_size=50) | st.sampled_from((b"", b"\0\0\0", b"x" * 5000, b"end\0"))


@st.composite
def streams(draw: st.DrawFn) -> tuple[str, bytes, int, int]:
    """Records under one protection, with what an enemy does to them."""
    name = draw(st.sampled_from(NAMES))
    number = sequence = draw(st.sampled_from((0, 0, 1, 255, 2**32, 2**63, 2**64 - 20)))
    pieces = [draw(st.binary(max_size=9))]
    for content in draw(st.lists(contents, max_size=8)):
        kind = draw(st.sampled_from((APPLICATION_DATA,) * 12 + (ALERT, HANDSHAKE, 0, 99)))
        pieces.append(PROTECTIONS[name].seal(number, kind, content))
        number += 1
    position = len(pieces[0])
    if draw(st.booleans()):
        pieces.insert(
            draw(st.integers(1, len(pieces))),
            draw(
                st.sampled_from(
                    (
                        b"\x14\x03\x03\0\1\1",
                        b"\x15\x03\x03\0\2\1\0",
                        b"\x17\x03\x03\0\0",
                        b"\x17\x03\x03\0\7" + bytes(7),
                        b"\x17\x03\x03\0\x18" + bytes(24),
                        b"\x17\x03\x03\x48\x01",
                        b"\x17\x03\x03\x48\x00",
                        b"\x17\x02\x00\0\0",
                        b"GET / HTTP/1.1\r\n",
                    )
                )
            ),
        )
    data = bytearray(b"".join(pieces))
    for place in draw(st.lists(st.integers(0, max(0, len(data) - 1)), max_size=2)):
        if data and draw(st.booleans()):
            data[place] ^= 1 << draw(st.integers(0, 7))
    return name, bytes(data[: draw(st.just(len(data)) | st.integers(0, len(data)))]), position, sequence


@settings(max_examples=400)
@given(streams())
def test_records_open_as_the_plain_walk_opens_them(stream: tuple[str, bytes, int, int]) -> None:
    name, data, position, sequence = stream
    both(name, data, position, sequence)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_sealed_is_read_to_its_end(name: str) -> None:
    # Large ones too: what is gathered is handed over several times.
    contents = [
        b"first",
        b"",
        b"\0 zeros stay \0",
        *(bytes([65 + each]) * 16_000 for each in range(7)),
        b"last",
    ]
    sealed = [
        PROTECTIONS[name].seal(each, APPLICATION_DATA, content) for each, content in enumerate(contents)
    ]
    end, number, size, content, marks, event = both(name, b"".join(sealed))
    assert (number, event, content) == (len(contents), None, b"before" + b"".join(contents))
    assert (end, size) == (len(b"".join(sealed)), 70 + len(b"".join(contents)))
    assert len(marks) == 2 + 2 * sum(1 for content in contents if content)


@pytest.mark.parametrize("name", NAMES)
def test_a_record_is_read_alike_wherever_it_is_cut_and_whichever_byte_is_wrong(name: str) -> None:
    random = Random(name)
    data = b"".join(PROTECTIONS[name].seal(each, APPLICATION_DATA, b"content") for each in range(3))
    for end in range(len(data)):
        both(name, data[:end])
    for place in range(len(data)):
        both(name, data[:place] + bytes([data[place] ^ random.randrange(1, 256)]) + data[place + 1 :])
    for number in (1, 2**64 - 1):
        assert both(name, data, sequence=number)[5] is not None


@pytest.mark.parametrize("size", [0, 1, 7, 8, 15, 16, 17, 24, 18432])
@pytest.mark.parametrize("name", NAMES)
def test_a_record_of_zeros_does_not_open_however_short_or_long(name: str, size: int) -> None:
    opened = both(name, record(APPLICATION_DATA, 0x0303, bytes(size)))
    assert opened[5] is not None
    assert opened[1] == 0


@pytest.mark.parametrize("name", ["GCM 1.3", "GCM explicit", "CHACHA20 implicit", "OLD chacha"])
def test_a_place_that_is_not_there_raises_or_gives_nothing(name: str) -> None:
    data = PROTECTIONS[name].seal(0, APPLICATION_DATA, b"content")
    opener = PROTECTIONS[name].opener
    for position in (len(data), len(data) + 1, 2**40, 2**63 - 1):
        assert open_all(compiled, opener, data, position, 0)[0] == position
    for position in (-1, -5, -len(data), -(2**62)):
        with pytest.raises(IndexError):
            open_all(compiled, opener, data, position, 0)
    for number in (-1, 2**64):
        with pytest.raises(OverflowError):
            open_all(compiled, opener, data, 0, number)


OLD = [
    (0x0300, 0x0004, "RC4", "md5"),
    (0x0301, 0x0005, "RC4", "sha1"),
    (0x0301, 0x0009, "DES", "sha1"),
    (0x0302, 0x000A, "3DES", "sha1"),
    (0x0303, 0x003C, "AES", "sha256"),
    (0x0303, 0xCC13, "CHACHA", ""),
]
SAID = [(Side.CLIENT, b"GET / HTTP/1.1\r\n\r\n"), (Side.SERVER, bytes(range(256)) * 60)] * 6


@pytest.mark.parametrize(("version", "suite", "cipher", "digest"), OLD)
def test_connections_whose_openers_are_old_are_read_alike(
    version: int, suite: int, cipher: str, digest: str
) -> None:
    wire = connection(version, suite, cipher, digest, SAID)
    side, last = wire[-1]
    for broken in (wire, [*wire[:-1], (side, last[:-30])], [*wire[:-3], (side, last), *wire[-3:]]):
        with patch.object(records, "_open", plain):
            expected = read_tls(broken, KeyLog.parse(KEYS))
        tls, said = read_tls(broken, KeyLog.parse(KEYS))
        assert said == expected[1]
        assert (tls.closed, tls.lost, tls.reason_closed) == (
            expected[0].closed,
            expected[0].lost,
            expected[0].reason_closed,
        )
        assert said[Side.CLIENT]
