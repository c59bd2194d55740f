"""Suites of 2014 that no library speaks any more, from an encoder of the tests' own."""

import pytest
from tls_live import read_tls
from tls_sealed import (
    CLIENT_RANDOM,
    KEYS,
    client_hello,
    connection,
    message,
    record,
    seal_old_chacha,
    server_hello,
)

from phonehome.wire.side import Side
from phonehome.wire.tls import KeyLog

SAID = [
    (Side.CLIENT, b"GET / HTTP/1.1\r\n\r\n"),
    (Side.SERVER, bytes(range(256)) * 20),
    (Side.CLIENT, b"last"),
]
SAID += [(Side.SERVER, b"%d" % number * 40) for number in range(20)]
WHOLE = [[b"".join(data for side, data in SAID if side is each)] for each in Side]

OLD = [
    (0x0300, 0x0004, "RC4", "md5"),
    (0x0300, 0x0005, "RC4", "sha1"),
    (0x0300, 0x000A, "3DES", "sha1"),
    (0x0300, 0x002F, "AES", "sha1"),
    (0x0301, 0x0005, "RC4", "sha1"),
    (0x0301, 0xC011, "RC4", "sha1"),
    (0x0301, 0x0009, "DES", "sha1"),
    (0x0301, 0xC012, "3DES", "sha1"),
    (0x0302, 0x000A, "3DES", "sha1"),
    (0x0303, 0x0004, "RC4", "md5"),
    (0x0303, 0x003C, "AES", "sha256"),
    (0x0303, 0xCC13, "CHACHA", ""),
]


@pytest.mark.parametrize(("version", "suite", "cipher", "digest"), OLD)
def test_an_old_suite_is_read(version: int, suite: int, cipher: str, digest: str) -> None:
    wire = connection(version, suite, cipher, digest, SAID)
    tls, said = read_tls(wire, KeyLog.parse(KEYS))
    assert said == WHOLE
    assert (tls.closed, tls.reason_closed) == ([0, 0], None)


@pytest.mark.parametrize(("version", "suite", "cipher", "digest"), OLD)
def test_the_place_is_found_behind_missing_bytes(version: int, suite: int, cipher: str, digest: str) -> None:
    wire = connection(version, suite, cipher, digest, SAID)
    spoken = [number for number, (side, _) in enumerate(wire) if side is Side.SERVER][3:]
    for lost in (spoken[1], spoken[4]):
        data = wire[lost][1]
        # All but the end of one record, so that the chain of a block cipher goes on from there.
        cut = len(data) - 40
        damaged: list[tuple[Side, bytes | int]] = [
            *wire[:lost],
            (Side.SERVER, cut),
            (Side.SERVER, data[cut:]),
            *wire[lost + 1 :],
        ]
        tls, said = read_tls(damaged, KeyLog.parse(KEYS))
        before, size, after = said[Side.SERVER]
        whole = WHOLE[Side.SERVER][0]
        assert isinstance(before, bytes)
        assert isinstance(after, bytes)
        assert isinstance(size, int)
        assert whole.startswith(before)
        assert whole.endswith(after)
        missing = len(whole) - len(before) - len(after)
        assert missing in (40, 80)  # each says forty or eighty bytes
        if cipher in ("RC4", "CHACHA"):
            assert size == missing
        assert said[Side.CLIENT] == WHOLE[Side.CLIENT]
        assert tls.lost == [0, cut]


def test_the_encoder_of_google_s_chacha_agrees_with_its_draft() -> None:
    # The test vector of draft-agl-tls-chacha20poly1305-04, section 7.
    sealed = seal_old_chacha(
        bytes.fromhex("4290bcb154173531f314af57f3be3b5006da371ece272afa1b5dbdd1100a1007"),
        bytes.fromhex("cd7cf67be39c794a"),
        bytes.fromhex("86d09974840bded2a5ca"),
        bytes.fromhex("87e229d4500845a079c0"),
    )
    assert sealed.hex() == "e3e446f7ede9a19b62a4677dabf4e3d24b876bb284753896e1d6"


def test_a_hello_in_the_form_of_ssl_2_begins_a_connection() -> None:
    wire = connection(0x0301, 0x002F, "AES", "sha1", SAID)
    body = b"\1\3\1" + b"\0\6\0\0\0\x20" + b"\x01\0\x80\0\0\x2f" + CLIENT_RANDOM
    hello = (0x8000 | len(body)).to_bytes(2, "big") + body
    for pieces in ([hello], [hello[:1], hello[1:4], hello[4:20], hello[20:]]):
        tls, said = read_tls([*((Side.CLIENT, piece) for piece in pieces), *wire[1:]], KeyLog.parse(KEYS))
        assert said == WHOLE
        assert tls.facts.ja4 is not None
        assert tls.facts.ja4.startswith("t10i010000_")


def test_what_is_compressed_or_of_an_unknown_suite_stays_closed_with_a_reason() -> None:
    wire = connection(0x0303, 0x003C, "AES", "sha256", SAID)
    wire[1] = (Side.SERVER, record(22, 0x0303, server_hello(0x0303, 0x003C, compression=1)))
    tls, said = read_tls(wire, KeyLog.parse(KEYS))
    assert said == [[], []]
    assert tls.reason_closed == "compressed by TLS itself, which is not read"
    wire[1] = (Side.SERVER, record(22, 0x0303, server_hello(0x0303, 0xC05D)))
    keys = KeyLog.parse(KEYS)
    tls, said = read_tls(wire, keys)
    assert said == [[], []]
    assert tls.reason_closed == "cipher suite 0xc05d cannot be opened"
    assert keys.used == 1  # it fits, though it is of no use
    assert tls.facts.cipher == "0xc05d"


def test_a_handshake_that_is_cut_or_makes_no_sense_is_counted() -> None:
    whole = connection(0x0303, 0x003C, "AES", "sha256", SAID)
    assert read_tls(whole, KeyLog.parse(KEYS))[0].malformed == 0
    for broken in (whole[1][1][:-3], record(22, 0x0303, b"\2\0\0\4abcd"), record(22, 0x0303, b"\2\0\1\0ab")):
        tls, _ = read_tls([whole[0], (Side.SERVER, broken)], KeyLog.parse(KEYS))
        assert tls.malformed == 1


def test_a_connection_without_its_beginning_stays_closed() -> None:
    wire = connection(0x0303, 0x003C, "AES", "sha256", SAID)
    for begin in (1, 2, 4):
        tls, said = read_tls(wire[begin:], KeyLog.parse(KEYS))
        assert said == [[], []]
        assert tls.reason_closed == "the beginning of the connection was not recorded"
    assert tls.closed[Side.CLIENT] == sum(len(data) - 5 for side, data in wire[4:] if side is Side.CLIENT)


def test_a_direction_that_was_not_recorded_closes_the_other() -> None:
    wire = connection(0x0303, 0x003C, "AES", "sha256", SAID)
    for side in Side:
        tls, said = read_tls([piece for piece in wire if piece[0] is side], KeyLog.parse(KEYS))
        assert said == [[], []]
        assert tls.reason_closed == "the beginning of the connection was not recorded"
        assert tls.closed[side] > 0


def test_handshake_messages_may_be_cut_and_joined_at_will() -> None:
    wire = connection(0x0303, 0x003C, "AES", "sha256", SAID)
    hello = client_hello(0x0303, 0x003C)
    cut = b"".join(record(22, 0x0301, hello[at : at + 1]) for at in range(len(hello)))
    joined = record(22, 0x0303, message(0, b"") + server_hello(0x0303, 0x003C) + message(14, b""))
    _, said = read_tls([(Side.CLIENT, cut), (Side.SERVER, joined), *wire[2:]], KeyLog.parse(KEYS))
    assert said == WHOLE
