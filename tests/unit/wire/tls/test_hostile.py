"""Pieces, cuts, changes and gaps: the same events, no exception, and never wrong plaintext."""

import random
import ssl
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tls_live import Endpoints, Recording, read_tls, whole
from tls_sealed import client_hello, record

from phonehome.wire.side import Side
from phonehome.wire.tls import KeyLog, TlsConnection, connection

TALK = [
    (Side.CLIENT, b"GET / HTTP/1.1\r\n\r\n"),
    (Side.SERVER, bytes(range(256)) * 2),
    (Side.CLIENT, b"next"),
    (Side.SERVER, random.Random(1).randbytes(3000)),
]
KINDS = [
    (ssl.TLSVersion.TLSv1_3, None),
    (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES128-GCM-SHA256"),
    (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-CHACHA20-POLY1305"),
    (ssl.TLSVersion.TLSv1_2, "AES128-SHA"),
    (ssl.TLSVersion.TLSv1, "AES128-SHA"),
    (ssl.TLSVersion.TLSv1, "NULL-SHA"),
]


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: f"{kind[0].name}-{kind[1]}")
def recording(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    version, ciphers = request.param
    folder: Path = tmp_path_factory.mktemp("tls")
    return Endpoints(folder, version=version, ciphers=ciphers, alpn=("h2",)).connect(talk=TALK)[0]


@settings(max_examples=40)
@given(
    steps=st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 900)), max_size=60),
    first=st.sampled_from(Side),
)
def test_pieces_in_any_order_of_the_sides_give_the_same(
    recording: Recording, steps: list[tuple[Side, int]], first: Side
) -> None:
    keys = KeyLog.parse(recording.keys)
    wire = []
    rests = [recording.stream(side) for side in Side]
    for side, size in steps:
        wire.append((side, rests[side][:size]))
        rests[side] = rests[side][size:]
    wire += [(side, rests[side]) for side in (first, first.other)]
    once, _ = read_tls(recording.wire, keys)
    again, said = read_tls(wire, keys)
    assert said == whole(recording)
    assert again.facts == once.facts
    assert (again.closed, again.reason_closed) == ([0, 0], None)


def test_byte_by_byte_gives_the_same(recording: Recording) -> None:
    for first in Side:
        wire = [(side, bytes([byte])) for side in (first, first.other) for byte in recording.stream(side)]
        _, said = read_tls(wire, KeyLog.parse(recording.keys))
        assert said == whole(recording)


def test_cut_at_every_byte_the_beginning_is_read(recording: Recording) -> None:
    keys = KeyLog.parse(recording.keys)
    for side in Side:
        stream, other = recording.stream(side), recording.stream(side.other)
        before = 0
        for size in range(len(stream) + 1):
            tls, said = read_tls([(side.other, other), (side, stream[:size])], keys)
            got = said[side][0] if said[side] else b""
            assert isinstance(got, bytes)
            assert len(got) >= before
            assert recording.said[side].startswith(got)
            assert tls.closed[side] <= size
            before = len(got)
        assert before == len(recording.said[side])


def test_changed_bytes_are_no_plaintext(recording: Recording) -> None:
    keys = KeyLog.parse(recording.keys)
    chance = random.Random(20)
    for _ in range(600):
        wire = []
        for side in Side:
            stream = bytearray(recording.stream(side))
            for _ in range(chance.choice((0, 1, 1, 4))):
                stream[chance.randrange(len(stream))] = chance.choice((0, 255, chance.randrange(256)))
            wire.append((side, bytes(stream)))
        chance.shuffle(wire)
        tls, said = read_tls(wire, keys)
        for side in Side:
            pieces = b"".join(piece for piece in said[side] if isinstance(piece, bytes))
            assert len(pieces) <= len(recording.said[side])
            if len(said[side]) == 1 and isinstance(said[side][0], bytes):
                assert recording.said[side].startswith(pieces)
            if len(pieces) < len(recording.said[side]):
                assert tls.reason_closed is not None or tls.facts.version is None or len(said[side]) != 1


def test_behind_a_gap_the_rest_is_read(recording: Recording) -> None:
    keys = KeyLog.parse(recording.keys)
    chance = random.Random(3)
    stream = recording.stream(Side.SERVER)
    said_whole = bytes(recording.said[Side.SERVER])
    last = _last_record(stream)
    found = 0
    for _ in range(150):
        start = chance.randrange(200, last)
        stop = min(start + chance.choice((1, 30, 300)), last)
        wire: list[tuple[Side, bytes | int]] = [(Side.CLIENT, recording.stream(Side.CLIENT))]
        wire += [(Side.SERVER, stream[:start]), (Side.SERVER, stop - start), (Side.SERVER, stream[stop:])]
        tls, said = read_tls(wire, keys)
        assert tls.lost == [0, stop - start]
        pieces = [piece for piece in said[Side.SERVER] if isinstance(piece, bytes)]
        position = 0
        for piece in pieces:
            position = said_whole.index(piece, position) + len(piece)
        found += bool(pieces) and position == len(said_whole)
    # An implicit IV needs the sixteen bytes before a record; a lost hello needs everything.
    assert found >= 130


def _last_record(stream: bytes) -> int:
    """Where the last record begins."""
    at = start = 0
    while at < len(stream):
        start = at
        at += 5 + int.from_bytes(stream[at + 3 : at + 5], "big")
    return start


def test_a_gap_between_whole_records_has_the_size_of_what_they_held(recording: Recording) -> None:
    stream = recording.stream(Side.SERVER)
    tls = TlsConnection(KeyLog.parse(recording.keys))
    for side in Side:
        tls.feed(side, recording.stream(side))
    plain = tls.take(Side.SERVER)
    assert plain is not None
    first, offset, last = plain.marks[1], plain.marks[-2], plain.marks[-1]
    wire: list[tuple[Side, bytes | int]] = [(Side.CLIENT, recording.stream(Side.CLIENT))]
    wire += [
        (Side.SERVER, stream[: first + 9]),
        (Side.SERVER, last - first - 9),
        (Side.SERVER, stream[last:]),
    ]
    _, said = read_tls(wire, KeyLog.parse(recording.keys))
    if tls.facts.cipher is not None and "CBC" in tls.facts.cipher and tls.facts.version == "TLS 1.0":
        assert said[Side.SERVER] == []  # the chain is broken, and nothing follows
        return
    size, rest = said[Side.SERVER]
    assert rest == bytes(recording.said[Side.SERVER][offset:])
    assert isinstance(size, int)
    if tls.facts.cipher is None or "CBC" not in tls.facts.cipher:
        assert size == offset


def test_what_waits_for_a_hello_that_never_comes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MAX_WAITING_BYTES", 100_000)
    tls = TlsConnection(KeyLog())
    tls.feed(Side.CLIENT, record(22, 0x0301, client_hello(0x0303, 0x1301)))
    block = record(23, 0x0303, bytes(16384))
    for _ in range(50):
        tls.feed(Side.CLIENT, block)
    assert tls.reason_closed is not None
    assert "100000 bytes" in tls.reason_closed
    assert tls.closed[Side.CLIENT] >= 43 * 16384
    tls.finish()
    assert tls.closed[Side.CLIENT] >= 50 * 16384


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\x16",
        b"\x16\x03\x01\xff\xff" + bytes(70000),
        b"\x16\x03\x01\x00\x00" * 2000,
        b"\x17\x03\x03\x00\x00" * 2000,
        b"\x14\x03\x01\x00\x01\x01" * 2000,
        b"HTTP/1.1 200 OK\r\n\r\n" * 50,
        record(22, 0x0301, b"\x01\xff\xff\xff") + record(22, 0x0301, bytes(16000)) * 20,
        b"\x80\x2e\x01\x03\x01" + bytes(60),
        b"\xff" * 5000,
    ],
)
def test_junk_is_read_without_an_exception_and_accounted_for(recording: Recording, junk: bytes) -> None:
    keys = KeyLog.parse(recording.keys)
    for side in Side:
        for wire in (
            [(side, junk)],
            [(side, junk), (side.other, recording.stream(side.other))],
            [
                (Side.CLIENT, recording.stream(Side.CLIENT)),
                (Side.SERVER, recording.stream(Side.SERVER)),
                (side, junk),
            ],
        ):
            tls, said = read_tls(wire, keys)
            if len(wire) == 3:
                assert (
                    b"".join(p for p in said[side.other] if isinstance(p, bytes))
                    == recording.said[side.other]
                )
                assert b"".join(p for p in said[side] if isinstance(p, bytes)) == recording.said[side]
            else:
                assert said == [[], []]
            assert all(count >= 0 for count in tls.closed)


def test_a_tls_record_is_told_by_its_beginning(recording: Recording) -> None:
    for side in Side:
        assert TlsConnection.looks_like(recording.stream(side)[:5])
        assert TlsConnection.looks_like(recording.stream(side)[:5000])
    for head in (
        b"",
        b"\x16\x03\x01\x00",
        b"GET / HTTP/1.1",
        b"HTTP/1.1 200",
        b"\x16\x03\x01\xff\xff",
        b"\x16\x03\x01\0\0",
    ):
        assert not TlsConnection.looks_like(head)
